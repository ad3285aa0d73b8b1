"""What goes to the phone as Python: the app's own modules, and the packages that it imports.

Packages come from the environment that runs the build, file by file as installed: no network,
and the same versions as in the tests. Only pure Python can go; compiled parts are left out, and
a package must do without them (msgpack does).
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from client.web.bytecode import Compiler
from client.web.pyodide_runtime import PYODIDE_PYTHON
from client.web.site_files import SiteFiles

__all__ = ["ARCHIVES", "AppSources", "add_archives"]

ARCHIVES = ("stdlib.zip", "packages.zip", "app.zip")
"""Each changes more often than the one before it: an update fetches only what it must."""

PRELOAD = "preload.json"
"""In app.zip: what a start imports at once, so that a snapshot of the interpreter has it."""

# What requirements' markers are evaluated against.
BROWSER_MARKERS = {
    "platform_system": "Emscripten",
    "sys_platform": "emscripten",
    "platform_machine": "wasm32",
    "os_name": "posix",
    "implementation_name": "cpython",
    "python_version": PYODIDE_PYTHON,
    "python_full_version": f"{PYODIDE_PYTHON}.0",
    "extra": "",
}

# Parts of packages that import what the browser has not, or that only tests want.
LEFT_OUT = re.compile(
    r"(^|/)(__pycache__|tests?|testing|fastapi)/"
    r"|^flet/(auth|pytest_plugin\.py)"
    r"|\.(so|pyd|pyi|pyc|pyx|pxd|h|c)$"
    r"|(^|/)py\.typed$"
)

# Starts the worker's side of Flet; imported by a name that is put together at run time.
CONNECTION = "flet.messaging.pyodide_connection"


class AppSources:
    """The app's own modules: a main.py, and the packages that it takes from the repository."""

    def __init__(self, entry: Path, root: Path, packages: Iterable[str]) -> None:
        """Take *entry* as main.py and *packages* (with `/`) below *root* under their own names."""
        self._entry = entry
        self._root = root
        self.packages = tuple(packages)

    def files(self) -> Iterator[tuple[str, Path]]:
        """Yield the name in the archive and the place on disk of each module."""
        yield "main.py", self._entry
        for package in self.packages:
            folder = self._root / package
            for file in sorted(folder.rglob("*")):
                name = file.relative_to(self._root).as_posix()
                if file.is_file() and not _stays_behind(name):
                    yield name, file


def _stays_behind(name: str) -> bool:
    """Tell whether the file *name* of the repository has no use in the browser."""
    return (
        "__pycache__/" in name
        or name.startswith(("client/web/", "client/assets/"))
        # Native's packages (cryptography, requests) don't exist there.
        or name == "client/device/native.py"
    )


def add_archives(site: SiteFiles, sources: AppSources, compiler: Compiler) -> None:
    """Put the archives into *site*: bytecode, stored, because the transfer compresses it."""
    app = {name: path.read_bytes() for name, path in sources.files()}
    trees = {name: ast.parse(code) for name, code in app.items() if name.endswith(".py")}
    imported = _imported_names(trees.values())
    packages: dict[str, bytes] = {}
    for distribution in _needed(imported - {*sys.stdlib_module_names, *sources.packages}):
        packages.update(_installed_files(distribution))
    app[PRELOAD] = json.dumps(_preload(trees)).encode()
    site.add("stdlib.zip", compiler.standard_library(imported, packages))
    site.add("packages.zip", compiler.library(packages))
    site.add("app.zip", compiler.archive(app))


def _imported_names(modules: Iterable[ast.Module]) -> set[str]:
    """Return the names of all that any of *modules* imports, wherever in its code."""
    names: set[str] = set()
    for node in _nodes(modules):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names | {name.partition(".")[0] for name in names}


def _preload(trees: Mapping[str, ast.Module]) -> dict[str, list[str]]:
    """Return the app's modules, and the names of Flet's that they use: it imports by name."""
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in trees
        if name != "main.py"
    ]
    names = {
        node.attr
        for node in _nodes(trees.values())
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ft"
    }
    return {"modules": [CONNECTION, *modules], "flet_names": sorted(names)}


def _nodes(trees: Iterable[ast.Module]) -> Iterator[ast.AST]:
    for tree in trees:
        yield from ast.walk(tree)


def _needed(imported: Iterable[str]) -> list[metadata.Distribution]:
    """Return the installed distributions that provide *imported*, with all that they require."""
    providers = metadata.packages_distributions()
    waiting = [name for imports in imported for name in providers.get(imports, ())]
    found: dict[str, metadata.Distribution] = {}
    while waiting:
        distribution = metadata.distribution(waiting.pop())
        if distribution.name in found:
            continue
        found[distribution.name] = distribution
        for line in distribution.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate(BROWSER_MARKERS):
                waiting.append(requirement.name)
    return [found[name] for name in sorted(found)]


def _installed_files(distribution: metadata.Distribution) -> Iterator[tuple[str, bytes]]:
    """Yield the pure-Python part of *distribution* and its METADATA."""
    for file in distribution.files or ():
        name = file.as_posix()
        described = ".dist-info/" in name and not name.endswith("METADATA")
        if name.startswith("..") or described or LEFT_OUT.search(name):
            continue
        yield name, Path(str(file.locate())).read_bytes()
