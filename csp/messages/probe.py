"""Finding out which of several values it is that cannot travel."""

from csp._native import channel
from csp.messages.shapes import forget_traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def why_it_cannot_travel(value: object) -> Exception | None:
    """Give the error that sending *value* raises, or None when it travels. Encodes it; does not wait."""
    sender, receiver = channel(1)
    with sender, receiver:
        try:
            sender.send(value)
        except Exception as error:  # noqa: BLE001  (that is the question)
            forget_traceback(error)
            return error
    return None


def refuse_by_name(what: str, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
    """After the arguments of *what* could not be sent: raise what the culprit raises alone, saying which it is.

    Returns when each of them travels alone.
    """
    for place, value in (*enumerate(args), *kwargs.items()):
        refusal = why_it_cannot_travel(value)
        if refusal is not None:
            raise type(refusal)(f"argument {place!r} of {what} cannot be sent: {refusal}") from refusal
