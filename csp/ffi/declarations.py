"""The declarations for cffi, read out of the C headers: they are the one place where the interface is written down.

Runs on its own as well, before csp is built, and so imports nothing of csp. The headers are ours, which is what makes
so small a reader of C enough: comments, conditions that stand alone, macros that are a number or a list, and inline
functions. What it does not understand, cffi's parser and then the C compiler refuse.
"""

import re
from pathlib import Path

HEADERS = ("csp.h", "message_kinds.h")


def declarations(include_dir: str) -> str:
    """Make the ``cdef`` of all of :data:`HEADERS` in ``include_dir/csp``."""
    return "\n".join(declarations_of((Path(include_dir) / "csp" / name).read_text("utf-8")) for name in HEADERS)


def declarations_of(header: str) -> str:
    """Make the ``cdef`` of one header's text.

    A macro that is a plain number keeps its value, because an array may have that length; of one that is an expression
    the compiler is asked for the value.
    """
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL).replace("\\\n", " ")
    code = re.sub(r"^#if(?:def)?\b.*?^#endif\n", "", code, flags=re.DOTALL | re.MULTILINE)  # not the guard: #ifndef
    code = _expand_lists(code)
    kept: list[str] = []
    for line in _without_bodies(code).splitlines():
        macro = re.match(r"#define (?P<name>[A-Z]\w*) +(?P<value>\S.*)", line)
        if macro is not None:
            value = macro["value"].strip()
            kept.append(f"#define {macro['name']} {value if re.fullmatch(r'[0-9]+', value) else '...'}")
        elif not line.startswith("#"):
            kept.append(re.sub(r"^CSP_API ", "", line).rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"


def _expand_lists(code: str) -> str:
    """Write out ``LIST(EACH)``, where ``LIST(X)`` and ``EACH(parameters)`` are macros of this header."""
    macros = {
        found["name"]: ([part.strip() for part in found["parameters"].split(",")], found["body"])
        for found in re.finditer(
            r"^#define (?P<name>\w+)\((?P<parameters>[^)]*)\)(?P<body>.*)$", code, flags=re.MULTILINE
        )
    }

    def written_out(use: re.Match[str]) -> str:
        _, listed = macros[use["list"]]
        parameters, body = macros[use["each"]]
        lines: list[str] = []
        for item in re.finditer(r"\bX\((?P<arguments>(?:\"[^\"]*\"|[^()\"])*)\)", listed):
            arguments = [part.strip() for part in item["arguments"].split(",", len(parameters) - 1)]
            values = dict(zip(parameters, arguments, strict=True))
            text = re.sub(
                r"\b\w+\b", lambda word, values=values: values.get(word[0], word[0]), body.replace("##", "\0")
            )
            lines.append(re.sub(r"\s*\0\s*", "", text).strip())
        return "\n".join(f"    {line}" for line in lines)

    def known(use: re.Match[str]) -> str:
        return written_out(use) if use["list"] in macros and use["each"] in macros else use[0]

    return re.sub(r"^ *(?P<list>\w+)\((?P<each>\w+)\)$", known, code, flags=re.MULTILINE)


def _without_bodies(code: str) -> str:
    """Put declarations in the place of inline functions."""
    result = ""
    start = "static inline "
    while start in code:
        before, _, code = code.partition(start)
        signature, _, code = code.partition("{")
        depth = 1
        while depth > 0:
            brace = re.search(r"[{}]", code)
            if brace is None:
                raise ValueError(f"the body of {signature.strip()} does not end")
            depth += 1 if brace[0] == "{" else -1
            code = code[brace.end() :]
        result += before + " ".join(signature.split()) + ";"
    return result + code
