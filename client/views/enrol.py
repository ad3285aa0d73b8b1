"""Enrolment: once for each phone, with the code that the branch gave, or its link."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import flet as ft

from client.components.buttons import primary_button, quiet_button
from client.components.cards import banner
from client.components.door import door
from client.components.fields import text_field
from client.components.text import note
from client.link import CODE_LENGTH, clean_code, shown_code
from client.state import use_app, use_words
from client.views.workplace import screen
from shared.domain.refusals import RefusedError

__all__ = ["EnrolScreen"]

NO_REFUSAL = cast("RefusedError | None", None)


@screen
def EnrolScreen(on_back: Callable[[], object] | None = None) -> ft.Control:
    """Take the code; whatever goes wrong, what was typed stays.

    From an app that was enrolled before, *on_back* leads back to where the code was asked for,
    before the enrolment or after it.
    """
    app, words = use_app(), use_words()
    typed, set_typed = ft.use_state(shown_code(app.enrolment_code))
    refusal, set_refusal = ft.use_state(NO_REFUSAL)
    is_busy, set_busy = ft.use_state(False)
    code = clean_code(typed)

    def change(text: str) -> None:
        set_typed(text)
        set_refusal(NO_REFUSAL)

    async def enrol() -> None:
        if len(code) < CODE_LENGTH or is_busy:
            return
        set_refusal(NO_REFUSAL)
        set_busy(True)
        try:
            await app.field.enrol(code, words("enrol.device"))
            if on_back:
                on_back()
        except RefusedError as error:
            set_refusal(error)
        finally:
            set_busy(False)

    return door(
        words,
        words("enrol.title"),
        text_field(
            words("enrol.code"),
            typed,
            change,
            hint="ABCD-EFGH-JKMN",
            helper=words("enrol.counted", n=len(code), of=CODE_LENGTH),
            keyboard=ft.KeyboardType.VISIBLE_PASSWORD,
            capitals=True,
            length_max=20,
            on_submit=enrol,
        ),
        banner(
            words.problem(refusal.slug, refusal.facts),
            tone="bad",
            icon=ft.Icons.ERROR_OUTLINE,
            detail=words.remedy(refusal.slug),
        )
        if refusal
        else None,
        primary_button(
            words("enrol.busy" if is_busy else "enrol.go"),
            enrol,
            disabled=is_busy or len(code) < CODE_LENGTH,
        ),
        quiet_button(words("enrol.back"), on_back) if on_back else None,
        note(words("enrol.help")),
        explanation=words("enrol.from_link" if app.enrolment_code else "enrol.explanation"),
    )
