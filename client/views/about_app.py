"""About the app itself: its version, and what each release brought."""

from __future__ import annotations

import flet as ft

from client.components.cards import card, fact, section
from client.components.layout import page_body
from client.components.text import body
from client.releases import RELEASES, VERSION
from client.state import use_words
from client.views.workplace import screen

__all__ = ["AboutAppScreen"]


@screen
def AboutAppScreen() -> ft.Control:
    """Show what there is to know of the app."""
    words = use_words()
    news = [
        section(words("about.release", version=version), card(body(words(f"release.{version}"))))
        for version in reversed(RELEASES)
    ]
    return page_body(
        [
            card(fact(words("about.version"), VERSION)),
            *news,
        ]
    )
