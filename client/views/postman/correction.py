"""What correcting a lead and correcting a care card have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import flet as ft

from client.actions.phone import check_phone
from client.components.buttons import primary_button
from client.components.cards import empty_state
from client.components.fields import text_field
from client.components.layout import bottom_action, page_body
from client.components.person_fields import PersonFields
from client.components.questions import restored_banner
from client.form import Form
from client.state import App, use_app, use_words
from shared.ids import derived_id

__all__ = ["Correction", "correction_page", "record_gone", "use_correction"]

NOTE_MAX = 500


@dataclass(frozen=True, slots=True)
class Correction:
    """A form in which a record is put right.

    Attributes:
        start_over: Empties the draft.
        is_own_customer: Whether the record brought its customer: one whom others had recorded
            before keeps the name that they wrote.
        is_tried: Whether saving was tried, so that what is missing is marked.
        save: Checks, records, goes back, says so.
    """

    form: Form
    start_over: Callable[[], object]
    is_own_customer: bool
    is_tried: bool
    save: Callable[[], Awaitable[None]]


def use_correction(
    form: Form,
    start_over: Callable[[], object],
    ids: tuple[str, str],
    send: Callable[[App], Awaitable[object]],
) -> Correction:
    """Return how *form* is saved by *send*; *ids* are the record's and its customer's; a hook."""
    app, words = use_app(), use_words()
    ft.use_state(form)
    is_tried, set_tried = ft.use_state(False)
    record_id, customer_id = ids
    is_own_customer = customer_id == derived_id(record_id, "customer")

    async def save() -> None:
        set_tried(True)
        if not check_phone(str(form["phone"] or "")).is_whole:
            app.tell(words("form.missing"), tone="bad")
            return
        if not is_own_customer:
            form.put(name=None)
        await send(app)
        app.navigation.back()
        app.tell(words("lead.corrected"), tone="good")

    return Correction(form, start_over, is_own_customer, is_tried, save)


def correction_page(
    correction: Correction,
    before: Sequence[ft.Control | None],
    after: Sequence[ft.Control | None] = (),
) -> ft.Control:
    """Show the questions *before* and *after* those about the person, a note, and the button."""
    words, form = use_words(), correction.form
    return page_body(
        [
            restored_banner(words, correction.start_over) if form.restored else None,
            *before,
            PersonFields(
                form, show_errors=correction.is_tried, with_name=correction.is_own_customer
            ),
            *after,
            text_field(
                words("lead.note"),
                str(form["note"] or ""),
                lambda text: form.type(note=text),
                lines=2,
                length_max=NOTE_MAX,
            ),
        ],
        footer=bottom_action(
            primary_button(
                words("lead.correct_save"), correction.save, icon=ft.Icons.CHECK, expand=True
            )
        ),
    )


def record_gone() -> ft.Control:
    """Say that the record has left the phone."""
    words = use_words()
    return page_body([empty_state(words("record.gone"), icon=ft.Icons.SEARCH_OFF)])
