"""The names of a system's actors."""

from csp.errors import ActorError, NoSuchActor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from csp.kernel.slot import Place


class Names:
    """Which place has which name. A name that was made up gives way to the same one given: nobody chose it.

    Args:
        number: gives a number never given before.
    """

    def __init__(self, number: Callable[[], int]) -> None:
        self._number = number
        self._places: dict[str, Place] = {}
        self._made_up: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def take(self, place: Place) -> None:
        """Give a place the name that was given for it. Raises ActorError when another was given it."""
        other = self._places.get(place.name)
        if other is not None:
            if place.name not in self._made_up:
                raise ActorError(f"there is an actor named {place.name!r} already; give this one another name=")
            self._made_up.remove(place.name)
            self._take_made_up(other, place.name)
        self._places[place.name] = place

    def make_up(self, place: Place) -> None:
        """Give a place that nobody named its class's name, with a number if that is taken."""
        self._take_made_up(place, place.recipe.path[1].rpartition(".")[2].lower())

    def free(self, place: Place) -> None:
        """Nobody has that name any more."""
        del self._places[place.name]
        self._made_up.discard(place.name)

    def _take_made_up(self, place: Place, base: str) -> None:
        name = base
        while name in self._places:
            name = f"{base}-{self._number()}"
        place.name = name
        self._places[name] = place
        self._made_up.add(name)

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
