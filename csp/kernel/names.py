"""The names of a system's actors."""

from csp.errors import ActorError, NoSuchActor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from csp.kernel.slot import Slot


class Names:
    """Which slot has which name. A name that was made up gives way to the same one given: nobody chose it.

    Args:
        number: gives a number never given before.
    """

    def __init__(self, number: Callable[[], int]) -> None:
        self._number = number
        self._slots: dict[str, Slot] = {}
        self._made_up: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._slots

    def take(self, slot: Slot) -> None:
        """Give a slot the name that was given for it. Raises ActorError when another was given it."""
        other = self._slots.get(slot.name)
        if other is not None:
            if slot.name not in self._made_up:
                raise ActorError(f"there is an actor named {slot.name!r} already; give this one another name=")
            self._made_up.remove(slot.name)
            self._take_made_up(other, slot.name)
        self._slots[slot.name] = slot

    def make_up(self, slot: Slot) -> None:
        """Give a slot that nobody named its class's name, with a number if that is taken."""
        self._take_made_up(slot, slot.recipe.path[1].rpartition(".")[2].lower())

    def free(self, slot: Slot) -> None:
        """Nobody has that name any more."""
        del self._slots[slot.name]
        self._made_up.discard(slot.name)

    def _take_made_up(self, slot: Slot, base: str) -> None:
        name = base
        while name in self._slots:
            name = f"{base}-{self._number()}"
        slot.name = name
        self._slots[name] = slot
        self._made_up.add(name)

    def find(self, name: str) -> Slot:
        """Find the slot of that name: its full name, or the last part of it when only one slot ends so."""
        slot = self._slots.get(name)
        if slot is not None:
            return slot
        ending = [p for n, p in self._slots.items() if n.endswith(f"/{name}")]
        if len(ending) == 1:
            return ending[0]
        if ending:
            raise NoSuchActor(
                f"{name!r} could be any of {', '.join(sorted(p.name for p in ending))}; use the full name"
            )
        import difflib

        close = difflib.get_close_matches(name, self._slots, 3)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else f"; there are {len(self._slots)} actors"
        raise NoSuchActor(f"no actor is named {name!r}{hint}")
