"""Run by Pyodide: `sources.zip` in, `compiled.zip` out, as `request.json` says.

With `imported` in the request, what comes out is the part of the standard library that those
modules and the sources reach.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import marshal
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType

# Zip has no earlier time; a fixed one makes equal content equal bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)
# PEP 552: judged by nothing, because no source lies beside it.
UNCHECKED = (1).to_bytes(4, "little") + bytes(8)

# What the interpreter imports before any code of ours, or by a name that no code spells out.
ALWAYS = (
    "_pyodide",
    "pyodide",
    "pyodide.webloop",
    "encodings.ascii",
    "encodings.cp437",  # names inside zip files
    "encodings.gbk",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.utf_8",
    "encodings.utf_8_sig",
)
# CPython's Objects/locations.md: an entry for up to eight units of code, without a column, and
# after it by how much the line has changed.
CODE_UNIT = 2
SAME_LINE = 0x80 | 13 << 3
ENTRY_UNITS_MAX = 8

# Tools of people who sit at a terminal, and what the browser has none of: processes, servers,
# mail. The library's own code reaches for them in functions that the app never calls.
LEFT_OUT = (
    "_pyrepl",
    "ctypes",
    "curses",
    "doctest",
    "ftplib",
    "html",
    "http.server",
    "idlelib",
    "multiprocessing",
    "pdb",
    "pydoc",
    "tkinter",
    "unittest",
    "xmlrpc",
)


def main() -> None:
    """Make the archive that is asked for."""
    request = json.loads(Path("request.json").read_text("utf-8"))
    files = _contents("sources.zip")
    if "imported" in request:
        stdlib = _contents(f"/lib/python{sys.version_info[0]}{sys.version_info[1]}.zip")
        files = _reached(stdlib, request["imported"], files)
    _write("compiled.zip", files, lines=request["lines"])


def _contents(path: str) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name[-1] != "/"}


def _reached(
    stdlib: Mapping[str, bytes], imported: Iterable[str], others: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return what of *stdlib* is imported by *others*, wherever in their code, or by itself."""
    waiting = [*sys.modules, *ALWAYS, *imported]
    for name, content in others.items():
        if name.endswith(".py"):
            waiting += _imports(name, content)
    kept: dict[str, bytes] = {}
    while waiting:
        module = waiting.pop()
        if f"{module}.".startswith(tuple(f"{name}." for name in LEFT_OUT)):
            continue
        while module:
            path = _path(module, stdlib)
            if path and path not in kept:
                kept[path] = stdlib[path]
                waiting += _imports(path, stdlib[path])
            module = module.rpartition(".")[0]
    return kept


def _path(module: str, files: Mapping[str, bytes]) -> str | None:
    start = module.replace(".", "/")
    return next((f for f in (f"{start}/__init__.py", f"{start}.py") if f in files), None)


def _imports(path: str, content: bytes) -> Iterator[str]:
    """Yield every module that the code may import; what only type checkers read is skipped."""
    package = path.split("/")[:-1]
    waiting: list[ast.AST] = [ast.parse(content)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        else:
            waiting += ast.iter_child_nodes(node)


def _write(path: str, files: Mapping[str, bytes], *, lines: bool) -> None:
    # Stored: the transfer compresses the whole better, and the phone has nothing to unpack.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            is_code = name.endswith(".py")
            info = zipfile.ZipInfo(f"{name}c" if is_code else name, EPOCH)
            archive.writestr(info, _bytecode(name, content, lines=lines) if is_code else content)


def _bytecode(name: str, content: bytes, *, lines: bool) -> bytes:
    tree = ast.parse(content)
    _drop_docstrings(ast.walk(tree))
    code = compile(tree, name, "exec", dont_inherit=True, optimize=0)
    if not lines:
        code = _with_one_line(code)
    return importlib.util.MAGIC_NUMBER + UNCHECKED + marshal.dumps(code)


def _with_one_line(code: CodeType) -> CodeType:
    """Say of all of a function that it is its first line: a fifth smaller, for others' frames.

    No line at all would be smaller still, but `traceback` and others count on one.
    """
    constants = (_with_one_line(c) if isinstance(c, CodeType) else c for c in code.co_consts)
    full, rest = divmod(len(code.co_code) // CODE_UNIT, ENTRY_UNITS_MAX)
    units = [ENTRY_UNITS_MAX] * full + ([rest] if rest else [])
    table = b"".join(bytes((SAME_LINE | count - 1, 0)) for count in units)
    return code.replace(co_linetable=table, co_consts=tuple(constants))


def _drop_docstrings(nodes: Iterable[ast.AST]) -> None:
    """Take the docstrings out: half of the code's size, and nothing on the phone reads them."""
    for node in nodes:
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            del node.body[0]
            # Not otherwise: `from __future__` must stay the first statement.
            if not node.body:
                node.body.append(ast.copy_location(ast.Pass(), first))


if __name__ == "__main__":
    main()
