"""Fonts that the browser brings when they are needed: rare names, as they are shown or typed.

Importable in Pyodide only. Every text that Flutter draws comes through Flet's connection, and
every key that is typed goes back through it; so that is where rare characters are noticed,
whichever screen, message or field they stand in.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol, cast

import flet as ft

from client.rare_characters import wanted_families

__all__ = ["bring_fonts"]


class _FontsJs(Protocol):
    """What fonts.js exports."""

    async def canBeHad(self, path: str) -> bool: ...  # noqa: N802


_js = cast("_FontsJs", importlib.import_module("liandong_fonts"))

# Asked for once the first screen stands: all of GBK. `client.web.flet_client` says where it is,
# and that Flutter looks there, and then into those for rare names, when its default has no glyph.
LATER = {"LiandongLater": "/assets/fonts/LiandongSans-Later.otf"}
RARE = "/assets/fonts/rare/{}.otf"


def bring_fonts(page: ft.Page) -> None:
    """Load the fonts that the first screen did without, and each of the others when it is needed.

    One that can't be fetched (no network, and not kept yet) is asked for again when one of its
    characters comes up the next time.
    """
    loaded = dict(LATER)
    page.fonts = dict(loaded)
    page.update()
    asked: set[str] = set()

    async def load(family: str) -> None:
        path = RARE.format(family)
        if not await _js.canBeHad(path):
            asked.discard(family)
            return
        # All of them each time: of two lists in a row Flutter may see the last one only. What it
        # has loaded it does not load again.
        loaded[family] = path
        page.fonts = dict(loaded)
        page.update()

    def look_for_rare(frame: bytes) -> None:
        for family in sorted(wanted_families(frame) - asked):
            asked.add(family)
            page.run_task(load, family)

    connection: Any = page.session.connection
    connection.send_callback = _watched(connection.send_callback, look_for_rare)
    flet_js: Any = importlib.import_module("flet_js")
    flet_js.send = _watched(flet_js.send, lambda typed: look_for_rare(bytes(typed.to_py())))


def _watched(
    passed_on: Callable[[Any], object], look: Callable[[Any], None]
) -> Callable[[Any], None]:
    def send(frame: Any) -> None:
        passed_on(frame)
        look(frame)

    return send
