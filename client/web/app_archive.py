"""app.zip: the app's own Python code and the packages that it imports.

Packages come from the environment that runs the build, file by file as installed: no network,
and the same versions as in the tests. Only pure Python can go; compiled parts are left out, and
a package must do without them (msgpack does).
"""

from __future__ import annotations

import ast
import io
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from client.web.pyodide_runtime import PYODIDE_PYTHON

__all__ = ["AppSources", "app_archive"]

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
)

# Zip has no earlier time; a fixed one makes equal content equal bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


class AppSources:
    """The app's own modules: a main.py, and the packages that it takes from the repository."""

    def __init__(self, entry: Path, root: Path, packages: Iterable[str]) -> None:
        """Take *entry* as main.py and *packages* (with `/`) below *root* under their own names."""
        self._entry = entry
        self._root = root
        self._packages = tuple(packages)

    def files(self) -> Iterator[tuple[str, Path]]:
        """Yield the name in the archive and the place on disk of each module."""
        yield "main.py", self._entry
        for package in self._packages:
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


def app_archive(sources: AppSources) -> bytes:
    """Return a zip of the app and everything that it imports.

    Stored, not compressed: the transfer compresses the whole of it better, and the phone then
    unpacks it in a quarter of the time.
    """
    contents = {name: path.read_bytes() for name, path in sources.files()}
    modules = [code for name, code in contents.items() if name.endswith(".py")]
    for distribution in _needed(_imported_names(modules)):
        contents.update(_installed_files(distribution))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as zipped:
        for name, content in sorted(contents.items()):
            zipped.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return archive.getvalue()


def _imported_names(modules: Iterable[bytes]) -> set[str]:
    """Return the top-level names that any of *modules* imports, wherever in its code."""
    names: set[str] = set()
    for code in modules:
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names


def _needed(imported: set[str]) -> list[metadata.Distribution]:
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
    """Yield the pure-Python part of *distribution* and its METADATA, below site-packages/."""
    for file in distribution.files or ():
        name = file.as_posix()
        described = ".dist-info/" in name and not name.endswith("METADATA")
        if name.startswith("..") or described or LEFT_OUT.search(name):
            continue
        yield f"site-packages/{name}", Path(str(file.locate())).read_bytes()
