"""Classes that programs really send, of the standard library and attrs, with instances. Other interpreters import it.

Each entry: the class's name, and code for its instances, in a list. ARRIVES: as pickle would give it. REFUSED: neither
pickle nor csp carries it. DIFFERS: pickle carries it and csp gives something else, and why.
"""

import email.message
import sys

import oracle_classes
import oracle_records

_MODULES = """
array ast attrs collections configparser datetime decimal email enum fractions functools http io ipaddress itertools
operator pathlib random re statistics string time types urllib.parse uuid weakref xml.etree.ElementTree zoneinfo
"""
# What the expressions below may name.
NAMES = {name.partition(".")[0]: __import__(name) for name in _MODULES.split()}
NAMES |= vars(oracle_classes) | vars(oracle_records)
# In 3.15 what was parsed without this can be pickled once: what arrives is refused by its own __getstate__.
NAMES["KEPT"] = {"missing_as_none": True} if sys.version_info >= (3, 15) else {}

ARRIVES = {
    # collections
    "collections.ChainMap": ["collections.ChainMap({1: 2}, {3: [4]})"],
    "collections.Counter": ["collections.Counter('abca')", "collections.Counter()"],
    "collections.OrderedDict": ["collections.OrderedDict(b=1, a=2)"],
    "collections.UserDict": ["collections.UserDict(a=[1])"],
    "collections.UserList": ["collections.UserList([1, [2]])"],
    "collections.UserString": ["collections.UserString('text')"],
    "collections.defaultdict": ["collections.defaultdict(list, a=[1])", "collections.defaultdict(None)"],
    "collections.deque": ["collections.deque([1, 2], 3)", "collections.deque()"],
    # types
    "types.SimpleNamespace": ["types.SimpleNamespace(a=[1])"],
    "types.GenericAlias": ["list[int]", "dict[str, list[int]]"],
    "types.UnionType": ["int | None"],
    "types.MethodType": ["Data(1).__init__"],
    "types.BuiltinFunctionType": ["len", "[1].append"],
    "types.FunctionType": ["statistics.mean", "functools.reduce"],
    "types.NoneType": ["types.NoneType", "None"],
    "types.EllipsisType": ["types.EllipsisType", "..."],
    # enum
    "enum.Enum": ["Colour.RED", "Planet.EARTH", "[*Colour]"],
    "enum.IntEnum": ["Level.HIGH", "http.HTTPStatus.NOT_FOUND"],
    "enum.StrEnum": ["Word.YES", "http.HTTPMethod.GET"],
    "enum.Flag": ["Access.READ", "Access.READ | Access.WRITE", "~Access.RUN"],
    "enum.IntFlag": ["Bits.A | Bits.B", "Bits(64)", "re.I | re.M"],
    # zoneinfo, datetime
    "zoneinfo.ZoneInfo": ["zoneinfo.ZoneInfo('Europe/Berlin')", "zoneinfo.ZoneInfo.no_cache('UTC')"],
    "datetime.date": ["datetime.date(2026, 2, 28)"],
    "datetime.time": ["datetime.time(2, 30, fold=1)", "datetime.time(1, tzinfo=zoneinfo.ZoneInfo('UTC'))"],
    "datetime.datetime": [
        "datetime.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin'))",
        "datetime.datetime(1, 1, 1)",
    ],
    "datetime.timedelta": ["datetime.timedelta(-1, 2, 3)"],
    "datetime.timezone": ["datetime.UTC", "datetime.timezone(datetime.timedelta(hours=1), 'name')"],
    # ipaddress
    "ipaddress.IPv4Address": ["ipaddress.ip_address('127.0.0.1')"],
    "ipaddress.IPv6Address": ["ipaddress.ip_address('fe80::1%eth0')"],
    "ipaddress.IPv4Network": ["ipaddress.ip_network('10.0.0.0/8')"],
    "ipaddress.IPv6Network": ["ipaddress.ip_network('2001:db8::/32')"],
    "ipaddress.IPv4Interface": ["ipaddress.ip_interface('10.0.0.1/8')"],
    "ipaddress.IPv6Interface": ["ipaddress.ip_interface('2001:db8::1/32')"],
    # re
    "re.Pattern": ["re.compile('a(?P<n>b)*', re.I)", "re.compile(b'x')"],
    # numbers
    "decimal.Decimal": ["decimal.Decimal('1.10')", "decimal.Decimal('-sNaN7')"],
    "decimal.Context": ["decimal.Context(prec=7, rounding=decimal.ROUND_UP)"],
    "fractions.Fraction": ["fractions.Fraction(1, 3)"],
    "statistics.NormalDist": ["statistics.NormalDist(1, 2)"],
    "random.Random": ["random.Random(5)"],
    "array.array": ["array.array('d', [1.5, -0.0])", "array.array('w', 'text')", "array.array('i')"],
    # pathlib, uuid
    "pathlib.PosixPath": ["pathlib.Path('a/../b')", "pathlib.Path('/')"],
    "pathlib.PurePosixPath": ["pathlib.PurePosixPath('a', 'b')"],
    "pathlib.PureWindowsPath": [r"pathlib.PureWindowsPath('c:\\a', 'b')"],
    "uuid.UUID": ["uuid.UUID(int=5)", "uuid.uuid4()", "uuid.uuid1()"],
    # attrs
    "attrs.define": ["Attrs(1, private=[2])", "AttrsInherited(1, differently=2)"],
    "attrs.frozen": ["AttrsFrozen(1, [2])"],
    "attrs, with cache_hash": ["AttrsHashed('x')", "hashed(AttrsHashed('x'))"],
    "attrs, with a cached_property": ["AttrsCached(3)"],
    "attrs.Attribute": ["attrs.fields(AttrsFrozen).x"],
    "attrs.NOTHING": ["attrs.NOTHING"],
    "attrs.Factory": ["attrs.Factory(list)"],
    # functools, operator, itertools
    "functools.partial": ["functools.partial(int, base=2)", "functools.partial(pow, [1])"],
    "operator.attrgetter": ["operator.attrgetter('a', 'b.c')"],
    "operator.itemgetter": ["operator.itemgetter(1, 'k')"],
    "operator.methodcaller": ["operator.methodcaller('m', 1, k=[2])"],
    # iterators that pickle
    "list_iterator": ["next_of(iter([1, 2, 3]))", "iter([])"],
    "dict_keyiterator": ["iter({1: 2})"],
    "enumerate": ["enumerate('ab')"],
    "map": ["map(str, [1, 2])"],
    "zip": ["zip([1], [2])"],
    # the rest of the standard library
    "ast.AST": ["ast.parse('x = [1, y]')"],
    "configparser.ConfigParser": ["configparser.ConfigParser({'a': 'b'})"],
    "email.message.Message": ["mail()"],
    "io.BytesIO": ["moved(io.BytesIO(b'abc'))"],
    "io.StringIO": ["moved(io.StringIO('abc'))"],
    "string.Template": ["string.Template('$x')"],
    "time.struct_time": ["time.gmtime(0)"],
    "urllib.parse.ParseResult": ["urllib.parse.urlparse('http://a/b?c#d', **KEPT)"],
    "xml.etree.ElementTree.Element": ["xml.etree.ElementTree.fromstring('<a b=\"c\">d<e/></a>')"],
    "collections.namedtuple": ["Pair(1, [2])"],
    "typing.NamedTuple": ["Typed(1)"],
    "dataclasses.dataclass": ["Data(1, [2])"],
}

REFUSED = {
    "re.Match": ["re.match('a', 'a')"],
    "types.MappingProxyType": ["types.MappingProxyType({})"],
    "types.ModuleType": ["re"],
    "types.GeneratorType": ["(n for n in ())"],
    "types.CodeType": ["compile('', '', 'exec')"],
    "types.CellType": ["types.CellType(1)"],
    "types.LambdaType": ["lambda: 0"],
    "itertools.count": ["itertools.count()"],
    "weakref.ref": ["weakref.ref(Data)"],
    "attrs.fields": ["attrs.fields(Attrs)"],
    "memoryview": ["memoryview(b'')"],
    "dict_keys": ["{}.keys()"],
    "io.TextIOWrapper": ["io.TextIOWrapper(io.BytesIO())"],
}

DIFFERS: dict[str, tuple[list[str], str]] = {}


def next_of(iterator):
    """An iterator that is under way."""
    next(iterator)
    return iterator


def hashed(value):
    """What knows its hash already."""
    hash(value)
    return value


def moved(file):
    """A file in memory that is not at its beginning."""
    file.read(1)
    return file


def mail():
    """A message with a part."""
    made = email.message.Message()
    made["To"] = "somebody@example.org"
    made.set_payload("text\n")
    return made


NAMES |= {"next_of": next_of, "hashed": hashed, "moved": moved, "mail": mail}


def make(code):
    """The instance that an expression of the tables stands for."""
    return eval(code, NAMES)
