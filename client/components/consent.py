"""The words that are read aloud before anything is kept of a customer."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.buttons import primary_button, quiet_button, secondary_button
from client.components.cards import card
from client.components.guard import Handler, guarded
from client.components.layout import bottom_action
from client.components.screen import part
from client.components.text import body, note, strong
from client.design import GAP, GAP_S, RADIUS, TONES
from client.state import use_words
from client.strings import Words
from shared.domain.customer import CONSENT_TEXT_VERSION

__all__ = ["ConsentAction", "consent_card"]


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


@part
def ConsentAction(text: str, on_agree: Handler, on_refuse: Handler) -> ft.Control:
    """Hold a form's two ways out under the question that they answer.

    The question stands right over the button, however long the form is: nobody says of a customer
    that they agreed without having had before their eyes what to. A tap on it shows all of it.
    """
    words = use_words()
    is_whole, set_whole = ft.use_state(False)
    return bottom_action(
        secondary_button(words("consent.refused"), on_refuse),
        primary_button(text, on_agree, expand=True),
        above=_question(words, is_whole=is_whole, on_tap=lambda: set_whole(not is_whole)),
    )


def _question(words: Words, *, is_whole: bool, on_tap: Callable[[], object]) -> ft.Control:
    ink = TONES["harvest"].ink
    key = "consent.text" if is_whole else "consent.short"
    return ft.Semantics(
        button=True,
        expanded=is_whole,
        content=ft.Container(
            ft.Column(
                [
                    ft.Row(
                        [
                            ft.Icon(ft.Icons.RECORD_VOICE_OVER_OUTLINED, color=ink, size=20),
                            note(words("consent.read"), color=ink, expand=True),
                            note(words("consent.less" if is_whole else "consent.whole"), color=ink),
                            ft.Icon(
                                ft.Icons.EXPAND_MORE if is_whole else ft.Icons.EXPAND_LESS,
                                color=ink,
                                size=20,
                            ),
                        ],
                        spacing=GAP_S,
                    ),
                    body(words(f"{key}.{CONSENT_TEXT_VERSION}"), color=ink),
                ],
                spacing=2,
                tight=True,
            ),
            on_click=guarded(on_tap),
            ink=True,
            bgcolor=TONES["harvest"].ground,
            border_radius=RADIUS,
            padding=ft.Padding.symmetric(horizontal=GAP, vertical=GAP_S),
        ),
    )
