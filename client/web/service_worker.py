"""The service worker's list of files, and the version that follows from their content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from client.web.flet_client import RARE_FONTS
from client.web.site_files import SiteFiles

__all__ = ["add_service_worker"]

TEMPLATE = Path(__file__).parent / "site" / "sw.js"

# Read on request only, and licences are not needed in the field.
NOT_PRECACHED = ("assets/NOTICES", "assets/fonts/OFL.txt")

VERSION_DIGITS = 16


def add_service_worker(site: SiteFiles) -> None:
    """Put sw.js into *site*, which holds every other file already."""
    files = {
        "/" if path == "index.html" else f"/{path}": site.integrity(path)
        for path, _ in site
        if path not in NOT_PRECACHED
    }
    listed = json.dumps(files, indent=2)
    rare = json.dumps(f"/{RARE_FONTS}")
    version = hashlib.sha256(listed.encode()).hexdigest()[:VERSION_DIGITS]
    template = TEMPLATE.read_text("utf-8")
    site.add(
        "sw.js",
        template.replace("{{version}}", version)
        .replace("{{files}}", listed)
        .replace("{{rare}}", rare)
        .encode(),
    )
