"""Finding out which of several values it is that cannot travel."""

from csp._native import channel


def why_it_cannot_travel(value: object) -> Exception | None:
    """The error that sending *value* raises, or None when it travels. Encodes it; does not wait."""
    sender, receiver = channel(1)
    with sender, receiver:
        try:
            sender.send(value)
        except Exception as error:  # noqa: BLE001  (that is the question)
            error.__traceback__ = None
            return error
    return None
