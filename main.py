"""The entry that Flet's packager and the web app start."""

from __future__ import annotations

import sys

import flet as ft

from client.app import main


async def start(page: ft.Page) -> None:
    """Show the app; in the browser, then bring the fonts that the first screen did without."""
    await main(page)
    if sys.platform == "emscripten":
        from client.device.browser_fonts import bring_fonts  # noqa: PLC0415 - in Pyodide only

        bring_fonts(page)


if __name__ == "__main__":
    ft.run(start)
