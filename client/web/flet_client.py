"""Flet's compiled web client, taken from the installed flet-web: what of it we serve, and how.

`flet publish` copies all of it (76 MB) and needs GitHub for a manifest. We copy the third that
the CanvasKit renderer loads and put our own `index.html`, `boot.js` and `python_worker.js` in
the place of Flet's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from client.rare_characters import families
from client.web.fonts import font_licence
from client.web.site_files import SiteFiles

__all__ = [
    "COMPILED_CLIENT",
    "FLET_VERSION",
    "ICON_FONT",
    "LATER_FONT_ASSET",
    "RARE_FONTS",
    "add_flet_client",
    "flet_web_folder",
]

FLET_VERSION = "1.0.5"
"""The only version whose files were read and tried; another may need other changes."""

COMPILED_CLIENT = "main.dart.js"
ICON_FONT = "assets/fonts/MaterialIcons-Regular.otf"
FLUTTER_FILES = (
    "assets/AssetManifest.bin",
    "assets/AssetManifest.bin.json",
    "assets/NOTICES",
    "version.json",
)
SHADER_FOLDER = "assets/shaders"
CANVASKIT_FILES = (
    "canvaskit/canvaskit.js",
    "canvaskit/canvaskit.wasm",
    "canvaskit/chromium/canvaskit.js",
    "canvaskit/chromium/canvaskit.wasm",
)
"""Flutter picks the smaller build under chromium/ where the browser breaks Chinese lines itself."""

FIRST_FONT_ASSET = "fonts/LiandongSans-First.otf"
LATER_FONT_ASSET = "fonts/LiandongSans-Later.otf"
"""Loaded by main.py once the first screen stands."""

RARE_FONTS = "assets/fonts/rare/"
"""Fetched by the app when a character of theirs is first seen; see `client.rare_characters`."""

# Flutter's default family, and the one that every other family falls back to: with our font
# under this name all text is Chinese from the first frame on, and nothing is asked of a host.
DEFAULT_FAMILY = "Roboto"

# The engine's list of last resorts: the families that are loaded later come after the default,
# those for rare names last (`client.rare_characters`).
LAST_RESORTS = b'p=A.d(["Roboto"],t.s)\n'
OUR_LAST_RESORTS = (
    b"p=A.d(%s,t.s)\n" % json.dumps([DEFAULT_FAMILY, "LiandongLater", *families()]).encode()
)

# Loaded at each start whether or not the app has animations; see site/without-rive.
RIVE_HOST = b"https://cdn.jsdelivr.net/npm/@rive-app/flutter-native-wasm@44.0.0/"
RIVE_STAND_IN = b"/without-rive/"

# The end of the engine's `getMissingCodePoints`: it collects what the named families can't draw
# (not asking the default family, which then draws it) and has fonts for it downloaded from
# outside, again at each layout while that fails. Without the collecting nothing is missing.
MISSING_CHARACTERS = b"j=A.d([],t.t)\nfor(k=0;k<s;++k)if(!o[k])j.push(a[k])\nreturn j}"
NONE_MISSING = b"return A.d([],t.t)}"

COMPILED_CHANGES = (
    (RIVE_HOST, RIVE_STAND_IN),
    (MISSING_CHARACTERS, NONE_MISSING),
    (LAST_RESORTS, OUR_LAST_RESORTS),
)

SERVICE_WORKER_SETTINGS = re.compile(r"\s*serviceWorkerSettings: \{.*?\},", re.DOTALL)


def flet_web_folder() -> Path:
    """Return the folder of the installed client.

    Raises:
        RuntimeError: Another version than `FLET_VERSION` is installed.
    """
    installed = metadata.version("flet-web")
    if installed != FLET_VERSION:
        message = (
            f"The web build is made for flet-web {FLET_VERSION}, found {installed}: "
            "try its files in a browser, then change FLET_VERSION."
        )
        raise RuntimeError(message)
    return Path(str(metadata.distribution("flet-web").locate_file("flet_web/web")))


def add_flet_client(
    site: SiteFiles,
    *,
    first_font: bytes,
    later_font: bytes,
    icon_font: bytes,
    rare_fonts: Sequence[bytes],
) -> None:
    """Put Flet's client into *site*, with *first_font* as its default, the others behind it.

    *rare_fonts* are those of `families`, as many as there are.
    """
    source = flet_web_folder()
    shaders = sorted(
        path.relative_to(source).as_posix()
        for path in (source / SHADER_FOLDER).rglob("*")
        if path.is_file()
    )
    for name in (*FLUTTER_FILES, *CANVASKIT_FILES, *shaders):
        site.add(name, (source / name).read_bytes())
    site.add(COMPILED_CLIENT, _compiled_client(source))
    site.add("flutter_bootstrap.js", _bootstrap(source).encode())
    site.add("assets/FontManifest.json", _font_manifest(source).encode())
    site.add(ICON_FONT, icon_font)
    site.add(f"assets/{FIRST_FONT_ASSET}", first_font)
    site.add(f"assets/{LATER_FONT_ASSET}", later_font)
    for family, font in zip(families(), rare_fonts, strict=False):
        site.add(f"{RARE_FONTS}{family}.otf", font)
    site.add("assets/fonts/OFL.txt", font_licence().encode())


def _compiled_client(source: Path) -> bytes:
    """Return Flet's compiled client, which then asks no host for fonts or the Rive player.

    Raises:
        RuntimeError: A place to change isn't there, or not alone.
    """
    code = (source / COMPILED_CLIENT).read_bytes()
    for original, ours in COMPILED_CHANGES:
        if code.count(original) != 1:
            raise RuntimeError(f"main.dart.js no longer has one {original!r}")
        code = code.replace(original, ours)
    return code


def _bootstrap(source: Path) -> str:
    """Return Flutter's loader without its service worker.

    That one unregisters itself and reloads the page; with ours beside it, for ever.
    """
    original = (source / "flutter_bootstrap.js").read_text("utf-8")
    changed, count = SERVICE_WORKER_SETTINGS.subn("", original)
    if count != 1:
        raise RuntimeError("flutter_bootstrap.js no longer has the one place to change")
    return changed.replace("//# sourceMappingURL=flutter.js.map\n", "")


def _font_manifest(source: Path) -> str:
    """Return the fonts that Flutter loads before its first frame: Material's icons and ours.

    Flet's own list has twenty fonts for formulas, and Apple's icons: 850 KB at each start.
    """
    listed = json.loads((source / "assets/FontManifest.json").read_text("utf-8"))
    kept = [family for family in listed if family["family"] == "MaterialIcons"]
    ours = {"family": DEFAULT_FAMILY, "fonts": [{"asset": FIRST_FONT_ASSET}]}
    return json.dumps([*kept, ours])
