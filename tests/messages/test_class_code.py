"""Code of a class that runs while an object of it is written: what was known of both before it holds no more."""

import gc
import pickle

import class_code
import pytest
from class_code import Borrows, Given, Gives, Hides, Looked, Narrow, Plain, Reduced, Slotted

import csp


@pytest.fixture(autouse=True)
def nothing_to_do():
    """What a test had done is not done in the next one."""
    yield
    class_code.during.clear()


def test_an_attribute_that_comes_meanwhile():
    """It arrives with the others, and what stands behind the object in the message is what it was."""
    one = Plain()
    one.a = 1
    class_code.during.append(lambda: setattr(one, "b", 2))
    back = csp.pack([one, 7]).open()
    assert vars(back[0]) == {"a": 1, "b": 2}
    assert back[1] == 7


def test_a_slot_that_is_filled_meanwhile():
    """Likewise; there is room for all that are written."""
    one = Slotted()
    one.a = 1

    def fill():
        one.b, one.c, one.d = 2, 3, 4

    class_code.during.append(fill)
    back = csp.pack([one, 7]).open()
    assert [back[0].a, back[0].b, back[0].c, back[0].d, back[1]] == [1, 2, 3, 4, 7]


@pytest.mark.parametrize("cls", [Plain, Looked], ids=lambda cls: cls.__name__)
def test_another_object_of_the_class_is_written_meanwhile(cls):
    """It has other attributes, and what is known of the class is of it then."""
    one, other = cls(), cls()
    one.a = 1
    other.x, other.y, other.z = 2, 3, 4
    class_code.during.append(lambda: csp.pack(other))
    back = csp.pack([one, other, 7]).open()
    assert [vars(back[0]), vars(back[1]), back[2]] == [{"a": 1}, {"x": 2, "y": 3, "z": 4}, 7]


def test_an_attribute_that_is_no_text_comes_meanwhile():
    """Half of the object is written by then: it is an error, and no message."""
    one = Plain()
    one.a = 1
    class_code.during.append(lambda: vars(one).update({5: 6}))
    with pytest.raises(RuntimeError, match="changed its attributes"):
        csp.pack([one])


def test_what_cannot_travel_falls_out_of_the_message_meanwhile():
    """The error still names it, and where it was."""
    message = [Reduced()]

    def drop():
        message.clear()
        gc.collect()

    class_code.during.append(drop)
    with pytest.raises(csp.NotShareable, match=r"message\[0\]: class_code.Reduced"):
        csp.pack(message)


def test_what_travels_falls_out_of_the_message_meanwhile():
    """The last reference was the message's."""
    message = [Plain()]
    class_code.during.append(message.clear)
    with pytest.raises(RuntimeError, match="changed its size"):
        csp.pack(message)


def test_a_slot_of_another_class_is_none_of_the_objects():
    """Its place is beyond the object: the attribute of that name goes into the dict, where it came from."""
    one = Borrows()
    vars(one)["z"] = [1]
    back = csp.pack([one]).open()[0]
    assert vars(back) == {"z": [1]}


def test_a_slot_that_another_classs_hides():
    """What cannot be had by its name is not looked for where the other class has it."""
    one = Hides()
    Narrow.z.__set__(one, 5)
    with pytest.raises(csp.NotShareable, match="doesn't apply to"):
        csp.pack([one])


@pytest.mark.parametrize("attributes", [{}, {"x": 1}], ids=len)
def test_a_class_that_gives_objects_of_another(attributes):
    """What was made there gets the attributes, as pickle has it."""
    one = object.__new__(Gives)
    vars(one).update(attributes)
    back = csp.pack([one, one]).open()
    assert type(back[0]) is type(pickle.loads(pickle.dumps(one))) is Given
    assert back[0] is back[1]
    assert vars(back[0]) == attributes
