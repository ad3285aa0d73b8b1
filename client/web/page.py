"""index.html: the page that starts all, with the name of the interpreter's snapshot in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from client.web.app_archive import ARCHIVES
from client.web.site_files import SiteFiles

__all__ = ["add_page", "snapshot_name"]

# What an interpreter that has imported the app is made of, besides pyodide/: another version of
# any of it, and a snapshot taken before is of no use.
INGREDIENTS = (*ARCHIVES, "python_worker.js", "snapshots.js")
NAME_DIGITS = 16


def snapshot_name(site: SiteFiles) -> str:
    """Name the snapshots that phones take of *site*, which holds all that goes into one."""
    digest = hashlib.sha256()
    for path, content in site:
        if path in INGREDIENTS or path.startswith("pyodide/"):
            digest.update(path.encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()[:NAME_DIGITS]


def add_page(site: SiteFiles, template: Path) -> None:
    """Put index.html into *site*."""
    page = template.read_text("utf-8").replace("{{snapshot}}", snapshot_name(site))
    site.add("index.html", page.encode())
