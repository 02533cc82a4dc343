"""Another extension module reaches the core through csp._native._C_API, without being linked to it."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from compiling import compile_extension, load

import csp

SOURCE = Path(__file__).parent / "capsule_user.c"
STRICT = ("-Wall", "-Wextra", "-Wconversion", "-Werror")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the extension."""
    made = tmp_path_factory.mktemp("capsule")
    compile_extension("capsule_user", SOURCE, made, linked=False, flags=STRICT)
    return made


@pytest.fixture(scope="module")
def user(folder):
    """The extension, built from its source with the headers alone."""
    return load("capsule_user", folder / ("capsule_user" + sysconfig.get_config_var("EXT_SUFFIX")))


def test_a_thread_of_the_extension_sends(user):
    """It takes the end out of a Sender, and a thread of its own sends through it."""
    tx, rx = csp.channel(100)
    assert user.send(tx, 100) == "OK"
    assert tx.closed
    assert list(rx) == list(range(100))


def test_a_receiver_that_is_gone(user):
    """The extension sees the core's statuses."""
    tx, rx = csp.channel(1)
    rx.close()
    assert user.send(tx, 1) == "BROKEN"


def test_a_channel_made_in_c(user):
    """Its ends become a Sender and a Receiver of the interpreter that calls."""
    tx, rx, status = user.channel()
    assert status == "OK"
    assert rx.recv() == "made in C, and longer than 16 bytes"
    tx.send(1)
    tx.close()
    assert list(rx) == [1]


def test_wrong_objects(user):
    """What is no end, and what is closed, is refused with our errors."""
    with pytest.raises(TypeError, match=r"csp\.Sender or csp\.Receiver"):
        user.send(3, 1)
    tx, rx = csp.channel()
    tx.close()
    with pytest.raises(csp.ClosedEnd):
        user.send(tx, 1)
    rx.close()


def test_in_an_interpreter_of_its_own(folder, in_interpreter):
    """The same extension, loaded in an own-GIL interpreter, sends through an end of that interpreter."""
    tx, rx = csp.channel(10)
    assert in_interpreter("readers", "send_through_capsule", str(folder), tx) == ("ended", "OK")
    tx.close()
    assert list(rx) == list(range(5))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#define CSP_CAPSULE_ABI 2", "#define CSP_CAPSULE_ABI 3"),
        ("} csp_functions;", "    void (*of_a_later_csp)(void);\n} csp_functions;"),
    ],
    ids=["other ABI", "later table"],
)
def test_an_extension_of_another_csp_is_refused(tmp_path, before, after):
    """One built for another ABI, or for a longer table than is installed, is an ImportError and not a crash."""
    include = shutil.copytree(csp.include_dir(), tmp_path / "include")
    header = include / "csp" / "capsule.h"
    text = header.read_text()
    assert text.count(before) == 1
    header.write_text(text.replace(before, after))
    path = compile_extension("capsule_user", SOURCE, tmp_path, linked=False, include=include, flags=STRICT)
    with pytest.raises(ImportError, match=r"built for csp .* is installed .*: build it again"):
        load("capsule_user", path)


def test_the_extension_is_not_linked_to_the_core(folder):
    """So it loads, and works, with no library of ours to be found: its undefined names are those of Python and C."""
    (path,) = folder.glob("capsule_user*")
    names = subprocess.run(["nm", "-u", path], capture_output=True, text=True, check=True).stdout
    assert "csp_" not in names
    assert "PyCapsule_Import" in names


@pytest.mark.parametrize(
    ("before", "printed"), [("", "OK"), ("sys.modules['csp'] = None", "no csp")], ids=["with csp", "without csp"]
)
def test_it_is_imported_first(folder, before, printed):
    """The extension imports what it needs of csp itself; where there is none, that is an ImportError."""
    code = (
        f"import sys; {before}\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "try:\n    import capsule_user\n"
        "except ImportError:\n    print('no csp')\n"
        "else:\n    print(capsule_user.channel()[2])\n"
    )
    command = [sys.executable, "-c", code, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, printed), done.stderr
