"""The words that are read aloud before anything is kept of a customer."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.buttons import quiet_button
from client.components.cards import card
from client.components.text import body, strong
from client.design import GAP_S, TONES
from client.strings import Words
from shared.domain.customer import CONSENT_TEXT_VERSION

__all__ = ["consent_card"]


def consent_card(on_refuse: Callable[[], object], words: Words) -> ft.Control:
    """Show the words to read aloud; the button below them says that the customer agreed."""
    ink = TONES["harvest"].ink
    return card(
        ft.Row(
            [
                ft.Icon(ft.Icons.RECORD_VOICE_OVER_OUTLINED, color=ink, size=22),
                strong(words("consent.read"), color=ink),
            ],
            spacing=GAP_S,
        ),
        body(words(f"consent.text.{CONSENT_TEXT_VERSION}"), color=ink),
        ft.Row([quiet_button(words("consent.refused"), on_refuse, color=ink)]),
        tone="harvest",
    )
