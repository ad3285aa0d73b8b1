"""The entry that Flet's packager and the web app start."""

from __future__ import annotations

import sys

import flet as ft

from client.app import main

# In the browser, what the first screens don't need comes after them: a font with the characters
# of rare names. `client.web.flet_client` says where, and that Flutter looks there last.
LATER_FONTS = {"LiandongLater": "/assets/fonts/LiandongSans-Later.otf"}


async def start(page: ft.Page) -> None:
    """Show the app, then bring what may come later."""
    await main(page)
    if sys.platform == "emscripten":
        page.fonts = LATER_FONTS
        page.update()


if __name__ == "__main__":
    ft.run(start)
