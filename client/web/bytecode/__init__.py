"""Compiles the app's Python for the browser, with the browser's own Python.

Bytecode belongs to one version of Python, and the phone's (Pyodide's 3.14) is seldom the one
that builds. So the build runs Pyodide itself, in the Node that comes inside Playwright:
`compile.mjs` starts it, `bundle.py` is what it runs.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

__all__ = ["Compiler"]

FOLDER = Path(__file__).parent
RECIPE = ("bundle.py", "compile.mjs")
TIMEOUT_S = 300

# Zip has no earlier time; a fixed one makes equal content equal bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


class Compiler:
    """Makes archives of bytecode, stored in *cache* from build to build."""

    def __init__(self, pyodide: Path, cache: Path) -> None:
        """Compile with the runtime in the folder *pyodide*; *cache* may be deleted at any time."""
        self._pyodide = pyodide
        self._cache = cache

    def archive(self, files: Mapping[str, bytes]) -> bytes:
        """Return a zip of *files*: each module compiled, with line numbers, the rest as it is."""
        return self._made(files, {"lines": True})

    def library(self, files: Mapping[str, bytes]) -> bytes:
        """Return the like with one line for each function: smaller, and its frames aren't ours."""
        return self._made(files, {"lines": False})

    def standard_library(self, imported: Iterable[str], files: Mapping[str, bytes]) -> bytes:
        """Return what of the standard library is reached by *files*, *imported* and itself."""
        return self._made(files, {"lines": False, "imported": sorted(imported)})

    def _made(self, files: Mapping[str, bytes], request: Mapping[str, object]) -> bytes:
        asked = json.dumps(request)
        kept = self._cache / f"{self._key(asked, files)}.zip"
        if not kept.exists():
            made = self._run(asked, files)
            self._cache.mkdir(parents=True, exist_ok=True)
            half = kept.with_suffix(".half")
            half.write_bytes(made)
            half.replace(kept)
        return kept.read_bytes()

    def _key(self, asked: str, files: Mapping[str, bytes]) -> str:
        digest = hashlib.sha256(asked.encode())
        for recipe in (*(FOLDER / name for name in RECIPE), self._pyodide / "python_stdlib.zip"):
            digest.update(recipe.read_bytes())
        for name, content in sorted(files.items()):
            digest.update(f"{name} {len(content)}\n".encode())
            digest.update(content)
        return digest.hexdigest()

    def _run(self, asked: str, files: Mapping[str, bytes]) -> bytes:
        with tempfile.TemporaryDirectory(prefix="liandong-bytecode-") as name:
            folder = Path(name)
            (folder / "request.json").write_text(asked, "utf-8")
            with zipfile.ZipFile(folder / "sources.zip", "w", zipfile.ZIP_STORED) as archive:
                for path, content in sorted(files.items()):
                    archive.writestr(zipfile.ZipInfo(path, EPOCH), content)
            run = subprocess.run(  # noqa: S603 - our own script, by its path.
                [_node(), FOLDER / "compile.mjs", self._pyodide, FOLDER, folder],
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
            if run.returncode != 0:
                raise RuntimeError(f"Pyodide could not compile the app:\n{run.stdout}{run.stderr}")
            return (folder / "compiled.zip").read_bytes()


def _node() -> Path:
    """Return the Node that Playwright brings.

    Raises:
        RuntimeError: This environment has none.
    """
    name = "node.exe" if sys.platform == "win32" else "node"
    found = Path(str(metadata.distribution("playwright").locate_file(f"playwright/driver/{name}")))
    if not found.is_file():
        raise RuntimeError(f"no {found}: the web build compiles with Playwright's Node")
    return found
