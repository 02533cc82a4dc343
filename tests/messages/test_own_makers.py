"""What a class says of its making is asked, whatever its module is called."""

import namedtuple_counting
from enumerations import Level
from namedtuple_counting import Counted

import csp


def test_an_enum_of_a_module_that_begins_with_enum():
    """Its own __reduce_ex__ is not taken for that of enum."""
    assert csp.pack([Level.LOW]).open() == [Level.HIGH]


def test_a_namedtuple_of_a_module_that_begins_with_namedtuple():
    """Its own __new__ is not taken for the one that collections has made."""
    packed = csp.pack([Counted(1, 2)])
    namedtuple_counting.made.clear()
    assert packed.open() == [(1, 2)]
    assert namedtuple_counting.made == [1]
