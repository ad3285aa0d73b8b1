"""What is shown when the app can't be opened at all: no storage, no keys, a damaged device."""

from __future__ import annotations

import flet as ft

from client.components.buttons import quiet_button
from client.components.door import door
from client.components.text import note
from client.design import PAPER
from client.failures import report, support_code
from client.strings import Words

__all__ = ["Broken"]

SAID = {
    "storage-refused": ("refused.title", "refused.explanation"),
    "storage-full": ("full.title", "full.explanation"),
}
ELSE = ("broken.title", "broken.explanation")


@ft.component
def Broken(words: Words, error: Exception, cause: str = "") -> list[ft.View]:
    """Say that nothing is lost, and what to do; *error* is told to support by its code.

    *cause* is what the person can do something about: `storage-refused` or `storage-full`.
    """
    title, explanation = SAID.get(cause, ELSE)
    is_copied, set_copied = ft.use_state(False)

    async def copy() -> None:
        await ft.Clipboard().set(report(error))
        set_copied(True)

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
                        note(words("broken.code", code=support_code(error))),
                        quiet_button(words("error.copy"), copy, icon=ft.Icons.COPY),
                        note(words("error.copied")) if is_copied else None,
                        explanation=words(explanation),
                    ),
                    expand=True,
                )
            ],
        )
    ]
