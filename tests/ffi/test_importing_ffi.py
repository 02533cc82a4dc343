"""Where csp.ffi can be imported, and what is said where it cannot."""

import pytest
import readers

import csp


def test_an_interpreter_of_its_own_is_told_the_way_out(in_interpreter):
    """NotImportable, which is an ImportError: with cffi's own reason, and what to do instead."""
    ending, (cause, text) = in_interpreter("readers", "try_ffi")
    assert ending == "ended"
    assert cause == "ImportError"
    assert "does not support loading in subinterpreters" in text
    for advice in ("main interpreter", "from_sender", "from_receiver", "give the other end to the actor"):
        assert advice in text
    assert issubclass(csp.NotImportable, ImportError)


def test_an_actor_survives_it(system):
    """The error comes to the caller, and the actor goes on."""
    actor = system.spawn(readers.Summing)
    for _ in range(2):
        with pytest.raises(csp.NotImportable, match="main interpreter"):
            actor.try_ffi()
    system.stop(actor)


def test_places_need_no_cffi(in_interpreter):
    """csp.include_dir and csp.library_dir answer in every interpreter."""
    assert in_interpreter("readers", "where") == ("ended", (csp.include_dir(), csp.library_dir()))


def test_a_program_that_does_not_ask_for_cffi_does_not_load_it(program):
    """Not by import csp, channels, or the places of headers and library."""
    status, out, err = program.script(
        "import csp, sys\n"
        "csp.channel(), csp.include_dir(), csp.library_dir()\n"
        "print(*sorted(name for name in sys.modules if 'cffi' in name or name == 'csp.ffi'))\n"
    )
    assert (status, out.strip(), err) == (0, "", "")
