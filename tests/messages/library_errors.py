"""Errors of the standard library and attrs, raised by what raises them in programs. Other interpreters import this.

ITSELF: it arrives as what it is, with these attributes. AS_TEXT: it holds what cannot travel (a file, a parser), so a
RemoteError has its type and text. Written down before it was tried; of what was expected as a text, the errors of
tarfile arrive as themselves.
"""

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ITSELF: dict[str, tuple[Callable[[], object], tuple[str, ...]]] = {}
AS_TEXT: dict[str, Callable[[], object]] = {}


def itself(name, *attributes):
    """Enter a function that raises it into ITSELF."""
    return lambda function: ITSELF.setdefault(name, (function, attributes))[0]


def as_text(name):
    """Enter a function that raises it into AS_TEXT."""
    return lambda function: AS_TEXT.setdefault(name, function)


def fail(name):
    """Raise it."""
    (AS_TEXT[name] if name in AS_TEXT else ITSELF[name][0])()


_ANSWER = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nbody"


def _member(**fields):
    """A tar file's member of these fields, extracted as the data filter allows it."""
    import tarfile
    import tempfile

    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        member = tarfile.TarInfo()
        for name, value in fields.items():
            setattr(member, name, value)
        archive.addfile(member)
    written.seek(0)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=written) as archive:
        archive.errorlevel = 2
        archive.extractall(folder, filter="data")


@as_text("urllib.error.HTTPError")
def http_error():
    import http.client
    import socket
    import urllib.request

    class Answering(urllib.request.HTTPHandler):
        def http_open(self, request):
            ours, theirs = socket.socketpair()
            theirs.sendall(_ANSWER)
            with ours, theirs:
                response = http.client.HTTPResponse(ours)
                response.begin()
            response.msg = response.reason
            return response

    urllib.request.build_opener(Answering).open("http://example.org/x")


@itself("urllib.error.HTTPError without a body", "code", "url", "reason")
def http_error_alone():
    from urllib.error import HTTPError

    raise HTTPError("http://example.org", 503, "Busy", {}, None)


@itself("urllib.error.URLError", "reason")
def url_error():
    import urllib.request

    urllib.request.urlopen("nothing://example.org")


@itself("urllib.error.ContentTooShortError", "reason", "content")
def too_short():
    from urllib.error import ContentTooShortError

    raise ContentTooShortError("got only 5 out of 9 bytes", ("file", {}))


@itself("tarfile.OutsideDestinationError")
def outside():
    _member(name="../../out")


@itself("tarfile.AbsoluteLinkError")
def absolute_link():
    _member(name="a", type=b"2", linkname="/etc/passwd")


@itself("tarfile.LinkOutsideDestinationError")
def link_outside():
    _member(name="a", type=b"2", linkname="../../x")


@itself("tarfile.SpecialFileError")
def special():
    _member(name="a", type=b"3")


@itself("tarfile.ReadError")
def not_a_tar():
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(b"x" * 1000)):
        pass


@as_text("xml.sax.SAXParseException")
def sax():
    import xml.sax

    xml.sax.parseString(b"<a><b></a>", xml.sax.ContentHandler())


@itself("xml.sax.SAXNotRecognizedException")
def sax_feature():
    import xml.sax

    xml.sax.make_parser().setFeature("nothing", True)


@itself("xml.parsers.expat.ExpatError", "code", "lineno", "offset")
def expat():
    from xml.parsers import expat

    expat.ParserCreate().Parse("<a><b></a>", True)


@itself("xml.etree.ElementTree.ParseError", "code", "position")
def element_tree():
    from xml.etree import ElementTree as ET

    ET.fromstring("<a><b></a>")


@itself("attrs.exceptions.FrozenInstanceError", "args")
def frozen():
    from oracle_records import AttrsFrozen

    AttrsFrozen(1).x = 2


@itself("attrs.exceptions.NotAnAttrsClassError")
def no_attrs():
    import attrs

    attrs.fields(int)


@itself("attrs.exceptions.DefaultAlreadySetError")
def default_twice():
    import attrs

    field = attrs.field(default=1)
    field.default(lambda _: 2)


@itself("dataclasses.FrozenInstanceError")
def frozen_dataclass():
    from oracle_records import DataFrozen

    DataFrozen(1).x = 2


@itself("subprocess.CalledProcessError", "returncode", "cmd", "output", "stderr")
def called():
    import subprocess

    raise subprocess.CalledProcessError(3, ["false", "x"], b"out", b"err")


@itself("subprocess.TimeoutExpired", "cmd", "timeout", "output")
def expired():
    import subprocess

    raise subprocess.TimeoutExpired("sleep", 1.5, b"out")


@itself("json.JSONDecodeError", "msg", "doc", "pos", "lineno", "colno")
def bad_json():
    import json

    json.loads('{"a": \n nope}')


@itself("tomllib.TOMLDecodeError", "msg", "doc", "pos", "lineno")
def bad_toml():
    import tomllib

    tomllib.loads("a = \n")


@itself("re.PatternError", "msg", "pattern", "pos", "colno")
def bad_pattern():
    import re

    re.compile("a(b")


@itself("configparser.MissingSectionHeaderError", "source", "lineno", "line")
def no_section():
    import configparser

    configparser.ConfigParser().read_string("a = b", "file.ini")


@itself("configparser.DuplicateOptionError", "section", "option", "lineno")
def option_twice():
    import configparser

    configparser.ConfigParser().read_string("[s]\na = b\na = c", "file.ini")


@itself("configparser.InterpolationMissingOptionError", "reference", "option")
def no_reference():
    import configparser

    made = configparser.ConfigParser()
    made.read_string("[s]\na = %(nothing)s")
    made["s"]["a"]


@itself("sqlite3.IntegrityError", "sqlite_errorname", "sqlite_errorcode")
def integrity():
    import sqlite3

    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("create table t (a unique)")
        connection.executemany("insert into t values (?)", [(1,), (1,)])
    finally:
        connection.close()


@itself("asyncio.IncompleteReadError", "partial", "expected")
def incomplete():
    import asyncio

    raise asyncio.IncompleteReadError(b"abc", 10)


@itself("asyncio.LimitOverrunError", "consumed")
def overrun():
    import asyncio

    raise asyncio.LimitOverrunError("too long", 5)


@itself("http.client.IncompleteRead", "partial", "expected")
def incomplete_http():
    import http.client

    raise http.client.IncompleteRead(b"abc", 10)


@itself("http.client.BadStatusLine", "line")
def bad_status():
    import http.client

    raise http.client.BadStatusLine("")


@itself("xmlrpc.client.Fault", "faultCode", "faultString")
def fault():
    import xmlrpc.client

    raise xmlrpc.client.Fault(7, "no such method")


@itself("xmlrpc.client.ProtocolError", "url", "errcode", "headers")
def protocol():
    import xmlrpc.client

    raise xmlrpc.client.ProtocolError("host/x", 404, "Not Found", {"a": "b"})


@itself("argparse.ArgumentError", "argument_name", "message")
def argument():
    import argparse

    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--n", type=int)
    parser.parse_args(["--n", "x"])


@itself("getopt.GetoptError", "msg", "opt")
def option():
    import getopt

    getopt.getopt(["-x"], "a")


@itself("zoneinfo.ZoneInfoNotFoundError")
def zone():
    import zoneinfo

    zoneinfo.ZoneInfo("No/Where")


@itself("graphlib.CycleError")
def cycle():
    import graphlib

    graphlib.TopologicalSorter({1: [2], 2: [1]}).prepare()


@itself("decimal.InvalidOperation")
def decimal_error():
    import decimal

    decimal.Decimal("x")


@itself("calendar.IllegalMonthError", "month")
def month():
    import calendar

    calendar.monthrange(2026, 13)


@itself("zipfile.BadZipFile")
def bad_zip():
    import zipfile

    zipfile.ZipFile(io.BytesIO(b"x"))


@itself("shutil.SameFileError")
def same_file():
    import shutil

    shutil.copyfile(__file__, __file__)


@itself("importlib.metadata.PackageNotFoundError", "name")
def no_package():
    import importlib.metadata

    importlib.metadata.version("no-such-package-anywhere")


@itself("ModuleNotFoundError", "name", "msg")
def no_module():
    __import__("no_such_module_anywhere")


@itself("AttributeError", "name")
def no_attribute():
    _ = io.nothing


@itself("socket.gaierror", "errno", "strerror")
def no_address():
    import socket

    socket.getaddrinfo("", None, flags=socket.AI_NUMERICHOST)


@itself("ssl.SSLError", "errno", "strerror", "library", "reason")
def no_certificate():
    import ssl

    ssl.create_default_context().load_verify_locations(
        cadata="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    )


@itself("email.errors.HeaderParseError")
def header():
    import email.errors

    raise email.errors.HeaderParseError("no closing quote")


@itself("tokenize.TokenError")
def token():
    import tokenize

    list(tokenize.generate_tokens(io.StringIO("(").readline))


@itself("SyntaxError", "filename", "lineno", "text")
def syntax():
    compile("x = (", "file.py", "exec")
