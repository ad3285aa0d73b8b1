"""Build the installable web app: `python -m client.web.build --out build/web`.

Everything comes from the repository and from packages of this environment: no network, no
Flutter SDK. The result is a folder of static files with compressed copies beside them; a build
whose inputs have not changed does nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from client.web.app_archive import AppSources, app_archive
from client.web.compression import compressed_copies
from client.web.flet_client import add_flet_client
from client.web.fonts import FONT_PACKAGE, chinese_font
from client.web.headers import headers_file
from client.web.pyodide_runtime import add_pyodide
from client.web.service_worker import add_service_worker
from client.web.site_files import SiteFiles

__all__ = ["WebBuild", "main"]

ROOT = Path(__file__).resolve().parents[2]
HANDWRITTEN = Path(__file__).parent / "site"
ASSETS = ROOT / "client" / "assets"
DEFAULT_ENTRY = ROOT / "main.py"
DEFAULT_OUT = ROOT / "build" / "web"
DEFAULT_CACHE = ROOT / "build" / "cache"
PACKAGES = ("client", "shared")
# The service worker is written last, from its template, when all other files are known.
SERVICE_WORKER = "sw.js"
FONT_RECIPE = ("fonts.py", "standard_characters_beyond_gbk.txt")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebBuild:
    """One build: the main.py that it starts with, where it goes, what it keeps for the next.

    Attributes:
        entry: The module that the phone runs as main.py.
        out: The folder of static files; replaced whole, never half.
        cache: Subset fonts and compressed copies by content; safe to delete.
    """

    entry: Path = DEFAULT_ENTRY
    out: Path = DEFAULT_OUT
    cache: Path = DEFAULT_CACHE

    def run(self) -> bool:
        """Build unless nothing has changed; tell whether it did."""
        inputs = self._fingerprint()
        if self.out.is_dir() and self._stamp.exists() and self._stamp.read_text() == inputs:
            return False
        site = self._site()
        fresh = self.out.with_name(f"{self.out.name}.fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        self._stamp.unlink(missing_ok=True)
        logger.info("compressing")
        for path, content in list(compressed_copies(site, self.cache / "compressed")):
            site.add(path, content)
        site.write_to(fresh)
        shutil.rmtree(self.out, ignore_errors=True)
        fresh.rename(self.out)
        self._stamp.write_text(inputs)
        return True

    @property
    def _stamp(self) -> Path:
        return self.out.with_name(f"{self.out.name}.stamp")

    @property
    def _sources(self) -> AppSources:
        return AppSources(self.entry, ROOT, PACKAGES)

    def _site(self) -> SiteFiles:
        """Collect every file but the compressed copies."""
        site = SiteFiles()
        site.add_folder(HANDWRITTEN, but=SERVICE_WORKER)
        site.add_folder(ASSETS)
        add_flet_client(site, self._font())
        add_pyodide(site)
        logger.info("packing the app")
        site.add("app.zip", app_archive(self._sources))
        add_service_worker(site)
        # After the service worker: no phone asks for it.
        site.add("_headers.json", headers_file().encode())
        return site

    def _font(self) -> bytes:
        """Return the Chinese font, made once for each version of its source and of our choice."""
        recipe = [Path(__file__).with_name(name) for name in FONT_RECIPE]
        made_from = _digest([FONT_PACKAGE, metadata.version(FONT_PACKAGE)], recipe)
        kept = self.cache / f"chinese-font-{made_from}.otf"
        if not kept.exists():
            logger.info("making the Chinese font (once, some ten seconds)")
            kept.parent.mkdir(parents=True, exist_ok=True)
            half = kept.with_suffix(".half")
            half.write_bytes(chinese_font())
            half.replace(kept)
        return kept.read_bytes()

    def _fingerprint(self) -> str:
        """Digest all that the result depends on; installed packages by name and version."""
        installed = sorted(f"{found.name} {found.version}" for found in metadata.distributions())
        files = [path for _, path in self._sources.files()]
        files += sorted(path for path in Path(__file__).parent.rglob("*") if _is_input(path))
        files += sorted(path for path in ASSETS.rglob("*") if _is_input(path))
        return _digest(installed, files)


def _is_input(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _digest(words: Sequence[str], files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for word in words:
        digest.update(f"{word}\n".encode())
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.name} {content}\n".encode())
    return digest.hexdigest()


def main() -> None:
    """Build as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m client.web.build", description=__doc__)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder of static files")
    parser.add_argument("--entry", type=Path, default=DEFAULT_ENTRY, help="the app's main.py")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    # Ours alone: fontTools would list each of 22,000 glyphs.
    logger.setLevel(logging.INFO)
    build = WebBuild(entry=arguments.entry.resolve(), out=arguments.out.resolve())
    built = build.run()
    logger.info("built %s" if built else "%s is up to date", build.out)


if __name__ == "__main__":
    main()
