"""Python for the browser: the Pyodide that comes inside flet-web, without what we never load."""

from __future__ import annotations

import json
from pathlib import Path

from client.web.flet_client import flet_web_folder
from client.web.site_files import SiteFiles

__all__ = ["PYODIDE_PYTHON", "add_pyodide", "pyodide_folder"]

PYODIDE_PYTHON = "3.14"
RUNTIME_FILES = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
)


def pyodide_folder() -> Path:
    """Return the folder of the whole runtime, as installed."""
    return flet_web_folder() / "pyodide"


def add_pyodide(site: SiteFiles) -> None:
    """Put the interpreter into *site* under pyodide/; its library comes compiled, see bytecode."""
    source = pyodide_folder()
    for name in RUNTIME_FILES:
        site.add(f"pyodide/{name}", (source / name).read_bytes())
    site.add("pyodide/pyodide-lock.json", _lock_without_packages(source).encode())


def _lock_without_packages(source: Path) -> str:
    """Return Pyodide's package index emptied: all that we import is in our archives.

    Whole, it is 119 KB to parse at each start, and it would let a forgotten import reach for
    a package on a foreign host.

    Raises:
        RuntimeError: It is for another Python than the one that packages are chosen for.
    """
    lock = json.loads((source / "pyodide-lock.json").read_text("utf-8"))
    if not lock["info"]["python"].startswith(f"{PYODIDE_PYTHON}."):
        raise RuntimeError(f"expected Python {PYODIDE_PYTHON}, found {lock['info']['python']}")
    return json.dumps({"info": lock["info"], "packages": {}})
