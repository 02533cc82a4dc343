"""The names of a system's actors."""

from csp.errors import ActorError, NoSuchActor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from csp.system.places import Place


class Names:
    """Which place has which name."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def take(self, place: Place) -> None:
        """Give a place its name. Raises ActorError when another has it."""
        if place.name in self._places:
            raise ActorError(f"there is an actor named {place.name!r} already; give this one another name=")
        self._places[place.name] = place

    def free(self, place: Place) -> None:
        """Nobody has that name any more."""
        self._places.pop(place.name, None)

    def make_up(self, path: str, number: int) -> str:
        """A name for an actor of the class at *path* that nobody named."""
        base = path.rpartition(".")[2].lower()
        return base if base not in self._places else f"{base}-{number}"

    def find(self, name: str) -> Place:
        """The place of that name: its full name, or the last part of it when only one place ends so."""
        place = self._places.get(name)
        if place is not None:
            return place
        ending = [p for n, p in self._places.items() if n.endswith(f"/{name}")]
        if len(ending) == 1:
            return ending[0]
        if ending:
            raise NoSuchActor(
                f"{name!r} could be any of {', '.join(sorted(p.name for p in ending))}; use the full name"
            )
        import difflib

        close = difflib.get_close_matches(name, self._places, 3)
        if close:
            hint = f"; did you mean {' or '.join(map(repr, close))}?"
        else:
            hint = f"; there are {len(self._places)} actors"
        raise NoSuchActor(f"no actor is named {name!r}{hint}")
