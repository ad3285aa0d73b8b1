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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

from client.web.app_archive import AppSources, add_archives
from client.web.bytecode import Compiler
from client.web.compression import compressed_copies
from client.web.flet_client import (
    COMPILED_CLIENT,
    FLET_VERSION,
    ICON_FONT,
    add_flet_client,
    flet_web_folder,
)
from client.web.fonts import (
    FONT_PACKAGE,
    first_characters,
    later_characters,
    ming_font,
    rare_characters,
    sans_font,
    slice_characters,
)
from client.web.headers import headers_file
from client.web.icons import icon_characters, icon_font, named_icons
from client.web.ming_source import hanazono_file
from client.web.page import add_page
from client.web.pyodide_runtime import add_pyodide, pyodide_folder
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
PAGE = "index.html"
# A table of half of all characters: for searching, not for showing.
NOT_SHOWN = ("client/pinyin_initials.py",)
RARE_CHARACTERS = "client/rare_characters.py"
FONT_RECIPE = ("fonts.py", "icons.py", "standard_characters_beyond_gbk.txt")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebBuild:
    """One build: the main.py that it starts with, where it goes, what it keeps for the next.

    Attributes:
        entry: The module that the phone runs as main.py.
        out: The folder of static files; replaced whole, never half.
        cache: Subset fonts, bytecode and compressed copies by content; safe to delete.
        packages: The repository's packages that go with it.
    """

    entry: Path = DEFAULT_ENTRY
    out: Path = DEFAULT_OUT
    cache: Path = DEFAULT_CACHE
    packages: tuple[str, ...] = PACKAGES

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
        # Renamed, never rewritten: a server that hands the old build out tells by the folder.
        outdated = self.out.with_name(f"{self.out.name}.outdated")
        shutil.rmtree(outdated, ignore_errors=True)
        if self.out.exists():
            self.out.rename(outdated)
        fresh.rename(self.out)
        shutil.rmtree(outdated, ignore_errors=True)
        self._stamp.write_text(inputs)
        return True

    @property
    def _stamp(self) -> Path:
        return self.out.with_name(f"{self.out.name}.stamp")

    @property
    def _sources(self) -> AppSources:
        return AppSources(self.entry, ROOT, self.packages)

    def _site(self) -> SiteFiles:
        """Collect every file but the compressed copies."""
        site = SiteFiles()
        site.add_folder(HANDWRITTEN, but=(SERVICE_WORKER, PAGE))
        site.add_folder(ASSETS)
        add_flet_client(
            site,
            first_font=self._font(first_characters(self._written())),
            later_font=self._font(later_characters()),
            icon_font=self._icons(),
            rare_fonts=self._rare_fonts(),
        )
        add_pyodide(site)
        logger.info("packing the app")
        add_archives(site, self._sources, Compiler(pyodide_folder(), self.cache / "bytecode"))
        add_page(site, HANDWRITTEN / PAGE)
        add_service_worker(site)
        # After the service worker: no phone asks for it.
        site.add("_headers.json", headers_file().encode())
        return site

    def _font(self, characters: set[int]) -> bytes:
        """Return a Chinese font of *characters*, made once for each version of its source."""
        listed = ",".join(map(str, sorted(characters)))
        words = [FONT_PACKAGE, metadata.version(FONT_PACKAGE), listed]
        return self._kept("chinese-font", words, lambda: sans_font(characters))

    def _rare_fonts(self) -> list[bytes]:
        """Return the fonts of rare names, in the order of `client.rare_characters.families`."""
        fonts = [self._font(rare_characters())]
        source = hanazono_file(self.cache)
        if source is not None:
            sliced = sorted(slice_characters().items())
            fonts += [
                self._kept(
                    f"ming-{number:02}",
                    [str(number), FONT_PACKAGE, metadata.version(FONT_PACKAGE)],
                    partial(ming_font, source, characters),
                )
                for number, characters in sliced
            ]
        return fonts

    def _icons(self) -> bytes:
        """Return the font of the icons that our code and Flet's names."""
        source = flet_web_folder()
        names = named_icons(path.read_text("utf-8") for _, path in self._sources.files())

        def make() -> bytes:
            compiled = (source / COMPILED_CLIENT).read_bytes()
            font = (source / ICON_FONT).read_bytes()
            return icon_font(font, icon_characters(compiled, names))

        return self._kept("icons", [FLET_VERSION, *sorted(names)], make)

    def _kept(self, name: str, words: Sequence[str], make: Callable[[], bytes]) -> bytes:
        """Return the font that is made of *words* by our recipe: made once, kept in the cache."""
        recipes = [Path(__file__).with_name(recipe) for recipe in FONT_RECIPE]
        made_from = _digest(words, [*recipes, ROOT / RARE_CHARACTERS])
        kept = self.cache / f"{name}-{made_from}.otf"
        if not kept.exists():
            logger.info("making a font (%s, some seconds, once)", name)
            kept.parent.mkdir(parents=True, exist_ok=True)
            half = kept.with_suffix(".half")
            half.write_bytes(make())
            half.replace(kept)
        return kept.read_bytes()

    def _written(self) -> str:
        """Return all that the app's own code spells out, and so may show on the first screens."""
        shown = (path for name, path in self._sources.files() if name not in NOT_SHOWN)
        return "".join(path.read_text("utf-8") for path in shown)

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
