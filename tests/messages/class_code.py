"""Classes whose metaclass runs code when a message asks for their name, or for what copyreg says of them."""

during = []  # what is to be done then, once each


class Named(type):
    """Asked for the qualified name of its class, it does what there is to do."""

    def __getattribute__(cls, name):
        if name == "__qualname__" and during:
            during.pop()()
        return super().__getattribute__(name)


class Hashed(type):
    """The same when the class is looked for in a dict."""

    def __hash__(cls):
        if during:
            during.pop()()
        return 1


class Plain(metaclass=Named):
    """Has a dict."""


class Slotted(metaclass=Named):
    """Has slots, of which some are empty."""

    __slots__ = ("a", "b", "c", "d")


class Looked(metaclass=Hashed):
    """Has a dict."""


class Reduced:
    """Gives what nobody can make an object of."""

    def __reduce__(self):
        if during:
            during.pop()()
        return 5


class Wide:
    """Has its slots further out than others have room."""

    __slots__ = tuple("abcdefghijklmnopqrstuvwxyz")


class Borrows:
    """Has a slot of another class in its namespace, and may have an attribute of that name."""

    z = Wide.z


class Narrow:
    """Has one slot."""

    __slots__ = ("z",)


class Hides(Narrow):
    """Has a slot of another class instead of what it inherits."""

    z = Wide.z


class Given:
    """What another class's constructor gives."""


class Gives:
    """Its objects are of another class."""

    def __new__(cls):
        return Given()
