"""What is shown when the app can't be opened at all: no storage, no keys, a damaged device."""

from __future__ import annotations

import flet as ft

from client.components.door import door
from client.components.text import note
from client.design import PAPER
from client.strings import Words

__all__ = ["Broken"]

SAID = {
    "storage-refused": ("refused.title", "refused.explanation"),
    "storage-full": ("full.title", "full.explanation"),
}
ELSE = ("broken.title", "broken.explanation")


@ft.component
def Broken(words: Words, code: str, cause: str = "") -> list[ft.View]:
    """Say that nothing is lost, and what to do; *code* names the fault to support.

    *cause* is what the person can do something about: `storage-refused` or `storage-full`.
    """
    title, explanation = SAID.get(cause, ELSE)
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
                        words(title),
                        note(words("broken.code", code=code)),
                        explanation=words(explanation),
                    ),
                    expand=True,
                )
            ],
        )
    ]
