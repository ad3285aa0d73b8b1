"""A reason in one tap, or in words: for what is declined, lost, rejected, revealed, reassigned."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import flet as ft

from client.components.buttons import danger_button, primary_button, quiet_button
from client.components.cards import card
from client.components.chips import Option, choice_chips
from client.components.fields import text_field
from client.components.screen import screen
from client.components.text import note, strong
from client.form import use_form
from client.state import use_words

__all__ = ["REASON_LENGTH_MAX", "ReasonPanel"]

REASON_LENGTH_MAX = 200
OTHER = "other"


@screen
def ReasonPanel(
    question: str,
    reasons: Sequence[str],
    confirm: str,
    on_confirm: Callable[[str], object],
    on_cancel: Callable[[], object],
    *,
    draft: str,
    detail: str = "",
    is_grave: bool = True,
) -> ft.Control:
    """Ask for a reason; *reasons* are texts that are offered as chips, any other can be typed.

    The reason that is handed on is the text itself: it is read later by people, in the language
    in which it was given. What is typed is kept under the name *draft*.
    """
    words = use_words()
    form, _ = use_form(draft, dict)
    ft.use_state(form)
    chosen = form.text("chosen")
    reason = form.text("typed") if chosen == OTHER else chosen

    async def hand_on() -> None:
        outcome = on_confirm(reason)
        if inspect.isawaitable(outcome):
            await outcome
        await form.discard()

    async def cancel() -> None:
        await form.discard()
        on_cancel()

    options = [Option(text, text) for text in reasons]
    options.append(Option(OTHER, words("desk.reason_other")))
    button = danger_button if is_grave else primary_button
    return card(
        strong(question),
        note(detail) if detail else None,
        choice_chips(options, chosen, lambda value: form.put(chosen=value), name=question),
        text_field(
            words("desk.reason_words"),
            str(form["typed"] or ""),
            lambda value: form.put(typed=value),
            length_max=REASON_LENGTH_MAX,
            lines=2,
        )
        if chosen == OTHER
        else None,
        ft.Row(
            [
                button(confirm, hand_on, expand=True)
                if reason
                else ft.Container(note(words("desk.reason_needed")), expand=True),
                quiet_button(words("desk.cancel"), cancel),
            ]
        ),
    )
