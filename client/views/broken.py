"""What is shown when the app can't be opened at all: no storage, no keys, a damaged device."""

from __future__ import annotations

import flet as ft

from client.components.door import door
from client.components.text import note
from client.design import PAPER
from client.strings import Words

__all__ = ["Broken"]


@ft.component
def Broken(words: Words, code: str) -> list[ft.View]:
    """Say that nothing is lost, and what to do; *code* names the fault to support."""
    return [
        ft.View(
            route="/",
            can_pop=False,
            padding=0,
            bgcolor=PAPER,
            controls=[
                ft.SafeArea(
                    door(
                        words,
                        words("broken.title"),
                        note(words("broken.code", code=code)),
                        explanation=words("broken.explanation"),
                    ),
                    expand=True,
                )
            ],
        )
    ]
