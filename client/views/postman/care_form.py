"""Opening a care card: interested, but not now; why, and when to come again."""

from __future__ import annotations

import datetime as dt

import flet as ft

from client.actions.care import fresh_care, open_care
from client.actions.phone import check_phone
from client.actions.today import at_hand, visited_on
from client.components.buttons import primary_button
from client.components.cards import card
from client.components.chips import Option, choice_chips
from client.components.consent import ConsentAction
from client.components.dates import day_chips
from client.components.fields import text_field
from client.components.layout import bottom_action, page_body
from client.components.person_fields import PersonFields
from client.components.questions import enum_question, question, restored_banner
from client.components.text import strong
from client.form import Form, draft_name, use_form
from client.state import use_app, use_made, use_words, use_world
from client.strings import Words
from client.views.labels import customer_name, unnamed_customer
from client.views.postman.saved import close_discarded, close_saved
from client.views.workplace import screen
from shared.domain.care_card import CareReason
from shared.domain.referral import Need, Referral
from shared.domain.round import villages_of
from shared.domain.village import Village

__all__ = ["CareFormScreen", "contact_days"]

NOTE_MAX = 500
CONTACT_DAYS = (1, 3, 7, 14, 30)


@screen
def CareFormScreen(village: str | None = None, referral: str | None = None) -> ft.Control:
    """Ask why not now, and for the next contact."""
    app, words, rows = use_app(), use_words(), use_world()
    today = app.field.today()
    # Once: what stands under the thumb must not move while the form is open.
    visited, _ = use_made(lambda: visited_on(rows, app.field.me.id, today))
    villages = at_hand(villages_of(rows, app.field.me.id, today), visited)
    first = village or (villages[0].id if villages else None)
    form, start_over = use_form(
        draft_name("care", referral or village),
        lambda: fresh_care(app.field, village_id=first, referral_id=referral),
    )
    ft.use_state(form)
    is_tried, set_tried = ft.use_state(False)
    lead = rows.get(Referral, form["referral_id"]) if form["referral_id"] else None

    async def save() -> None:
        phone = check_phone(str(form["phone"] or ""))
        if form.chosen(CareReason, "reason") is None or not phone.is_whole:
            set_tried(True)
            app.tell(words("form.missing"), tone="bad")
            return
        await open_care(app.field, form, unnamed_customer(rows, form["village_id"], words))
        close_saved(app, words, "care.saved", f"/postman/care/{form['id']}")

    async def refuse() -> None:
        await close_discarded(app, words, form)

    reason = form.chosen(CareReason, "reason")
    return page_body(
        [
            restored_banner(words, start_over) if form.restored else None,
            card(strong(words("care.for", name=customer_name(rows, lead.customer_id))))
            if lead
            else _village_question(form, villages, words),
            enum_question(
                words,
                words("care.reason"),
                list(CareReason),
                reason,
                lambda value: form.put(reason=value.value),
                missing=words("form.choose_one") if is_tried and reason is None else None,
            ),
            contact_days(form, words, today),
            enum_question(
                words,
                words("lead.need"),
                list(Need),
                form.chosen(Need, "need"),
                lambda value: form.put(need=value.value),
                hint=words("person.optional"),
            )
            if lead is None
            else None,
            PersonFields(form, show_errors=is_tried, with_name=lead is None),
            text_field(
                words("lead.note"),
                str(form["note"] or ""),
                lambda text: form.type(note=text),
                lines=2,
                length_max=NOTE_MAX,
            ),
        ],
        footer=ConsentAction(words("lead.save"), save, refuse)
        if lead is None
        else bottom_action(
            primary_button(words("care.save"), save, icon=ft.Icons.CHECK, expand=True)
        ),
    )


def contact_days(form: Form, words: Words, today: dt.date) -> ft.Control:
    """Ask when to see the customer again."""
    return question(
        words("care.next"),
        day_chips(
            words,
            today,
            dt.date.fromisoformat(form["next_on"]) if form["next_on"] else None,
            lambda on: form.put(next_on=on.isoformat()),
            days=[today + dt.timedelta(days=away) for away in CONTACT_DAYS],
        ),
    )


def _village_question(form: Form, villages: list[Village], words: Words) -> ft.Control:
    return question(
        words("lead.village"),
        choice_chips(
            [Option(one.id, one.name) for one in villages],
            form["village_id"],
            lambda village_id: form.put(village_id=village_id),
        ),
    )
