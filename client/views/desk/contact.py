"""A customer's number: masked, called in one tap, and what came of the call in another."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.actions.phone import masked
from client.components.buttons import icon_button, quiet_button, secondary_button
from client.components.cards import card
from client.components.chips import Option, choice_chips
from client.components.layout import spread, stack
from client.components.screen import screen
from client.components.text import body, note, strong
from client.components.when import clock
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.naming import staff_name
from shared.domain.customer import CustomerContact, contact_id_of
from shared.domain.referral import OPEN_STATUSES, Referral
from shared.domain.rows import Rows
from shared.domain.visit import CallAttempt, CallResult, RecordCall

__all__ = ["ContactCard", "number_of"]

ATTEMPTS_SHOWN = 4


def number_of(rows: Rows, customer_id: str) -> str | None:
    """Return the customer's number, as far as this phone may hold it."""
    contact = rows.get(CustomerContact, contact_id_of(customer_id))
    return contact.phone if contact else None


@screen
def ContactCard(lead: Referral, *, may_call: bool) -> ft.Control:
    """Show the number masked; calling it asks what came of the call, so that it is recorded."""
    app, words, rows = use_app(), use_words(), use_world()
    called, set_called = ft.use_state(False)
    phone = number_of(rows, lead.customer_id)

    async def call() -> None:
        set_called(True)  # First: the dialler takes the app away.
        await ft.UrlLauncher().launch_url(f"tel:{phone}")

    async def copy() -> None:
        await ft.Clipboard().set(phone or "")
        app.tell(words("contact.copied"))

    async def record(result: CallResult) -> None:
        args = RecordCall(id=app.field.new_id(), referral_id=lead.id, result=result)
        await app.field.record("record_call", args)
        set_called(False)
        app.tell(words("contact.recorded", result=words.name(result)), tone="good")

    can_call = may_call and phone is not None and lead.status in OPEN_STATUSES
    if phone is None:
        line: ft.Control = note(words("contact.none"))
    else:
        line = spread(
            ft.Column(
                [strong(masked(phone)), note(words("contact.masked"))], spacing=0, tight=True
            ),
            ft.Row(
                [
                    icon_button(ft.Icons.COPY_OUTLINED, words("contact.copy"), copy),
                    secondary_button(words("contact.call"), call, icon=ft.Icons.CALL_OUTLINED),
                ]
                if can_call
                else [],
                tight=True,
            ),
        )
    return card(
        line,
        _outcome(words, record, lambda: set_called(False)) if called and can_call else None,
        *_attempts(app, words, rows, lead),
        ft.Row(
            [quiet_button(words("contact.note_call"), lambda: set_called(True), icon=ft.Icons.ADD)]
        )
        if can_call and not called
        else None,
    )


def _outcome(
    words: Words,
    on_record: Callable[[CallResult], object],
    on_cancel: Callable[[], object],
) -> ft.Control:
    question = words("contact.outcome")
    options = [Option(result, words.name(result)) for result in CallResult]
    return stack(
        strong(question),
        choice_chips(options, None, on_record, name=question),
        quiet_button(words("contact.not_called"), on_cancel),
    )


def _attempts(app: App, words: Words, rows: Rows, lead: Referral) -> list[ft.Control]:
    attempts = sorted(
        rows.where(CallAttempt, referral_id=lead.id), key=lambda attempt: attempt.at, reverse=True
    )
    return [
        body(
            words(
                "contact.attempt",
                when=clock(attempt.at, app.field.now(), words),
                who=staff_name(rows, attempt.by_id, words),
                result=words.name(attempt.result),
            )
        )
        for attempt in attempts[:ATTEMPTS_SHOWN]
    ]
