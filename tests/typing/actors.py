"""An actor from inside: its mailbox, its own ref, other actors."""

import abc
from typing import Any, assert_type

import csp


class Leaf(csp.Actor):
    @csp.handler
    def grow(self, centimetres: float) -> float:
        return centimetres


class Node(csp.Actor):
    mailbox = csp.Buffered(16)

    def __init__(self, name: str, above: Node | None = None) -> None:
        self.known: list[Node] = [above] if above is not None else []
        self.leaf = self.spawn(Leaf)
        self.label = name

    @csp.handler
    def join(self, other: Node) -> int:
        other.join.cast(self.me)
        self.known.append(other)
        self.log.info("joined", known=len(self.known))
        return len(self.known)

    @csp.handler
    def split(self) -> Node:
        assert_type(self.spawn(Node, "below", above=self.me), Node)
        assert_type(self.spawn(csp.child(Leaf)), Leaf)
        assert_type(self.leaf.grow(1), float)
        self.spawn(Node)  # rejected: call-arg
        self.spawn(Node, "below", self.leaf)  # rejected: arg-type
        self.leaf.grow("1")  # rejected: arg-type
        self.stop(3)  # rejected: arg-type
        assert_type(self.lookup("leaf", Leaf), Leaf)
        assert_type(self.lookup("leaf"), Any)
        return self.me

    def receive(self, message: object) -> None:
        match message:
            case (str(name), int(count)):
                self.log.debug("counted", **{name: count})
            case _:
                super().receive(message)

    def on_stop(self, reason: str) -> None:
        assert_type(self.name, str)


class FreeForm(csp.Actor):
    def __init__(self, more: csp.Receiver[int]) -> None:
        self.more = more

    def run(self) -> None:
        assert_type(self.mailbox, csp.Receiver[Any])
        guard, value = csp.select(self.mailbox, self.more, csp.after(1.0))
        if guard is self.mailbox:
            self.handle(value)

    def receive(self, message: str) -> None:  # rejected: override
        """A mailbox takes anything."""


class Shapes(csp.Actor, abc.ABC):
    @csp.handler
    @abc.abstractmethod
    def area(self, unit: str) -> float: ...

    @abc.abstractmethod
    @csp.handler
    def name_of(self) -> str: ...

    @csp.handler
    @staticmethod
    def corners(figure: str) -> int:
        return len(figure)

    @csp.handler
    @classmethod
    def kind(cls, capital: bool) -> str:
        return cls.__name__


class Box[T](csp.Actor):
    def __init__(self, content: T) -> None:
        self.content = content

    @csp.handler
    def open(self) -> T:
        return self.content


def shapes(system: csp.System, ref: csp.Ref[Shapes]) -> None:
    assert_type(ref.area("m2"), float)
    assert_type(ref.kind(True), str)
    ref.area(1)  # rejected: arg-type
    ref.corners("box")  # rejected: call-arg  (checkers take a static method's first parameter for self)
    ref.kind()  # rejected: call-arg
    assert_type(system.spawn(Box[int], 5).open(), int)
    assert_type(system.spawn(Box, "text").open(), str)


class Names(csp.Actor):
    def __init__(self, id: str) -> None:
        self.id: str = id
        self.name = "bob"  # rejected: misc
        self.log = []  # rejected: misc


class Wrong(csp.Actor):
    mailbox = 16  # rejected: assignment

    @csp.handler
    def two(self, number: int) -> str:
        return number  # rejected: return-value

    def on_stop(self) -> None:  # rejected: override
        """Called with the reason."""


csp.Buffered("16")  # rejected: arg-type
csp.Buffered(16, overflow="wait")  # rejected: arg-type
csp.Buffered(16, "block")  # rejected: call-arg
csp.handler(3)  # rejected: call-overload
