"""Putting right a care card that nobody has acted on yet."""

from __future__ import annotations

import flet as ft

from client.actions.care import correct_care
from client.actions.phone import check_phone
from client.components.buttons import primary_button
from client.components.cards import card, empty_state
from client.components.fields import text_field
from client.components.layout import bottom_action, page_body
from client.components.person_fields import PersonFields
from client.components.questions import enum_question, restored_banner
from client.components.text import strong
from client.form import use_form
from client.state import use_app, use_words, use_world
from client.views.labels import customer_name
from client.views.postman.care_form import contact_days
from client.views.workplace import screen
from shared.domain.care_card import CareCard, CareReason
from shared.domain.referral import Need
from shared.ids import derived_id

__all__ = ["CorrectCareScreen"]

NOTE_MAX = 500


@screen
def CorrectCareScreen(card_id: str) -> ft.Control:
    """Show what was recorded, to be changed."""
    app, words, rows = use_app(), use_words(), use_world()
    found = rows.get(CareCard, card_id)

    def fresh() -> dict[str, str | None]:
        if found is None:
            return {}
        return {
            "name": customer_name(rows, found.customer_id),
            "reason": found.reason.value,
            "need": found.need.value if found.need else None,
            "next_on": found.next_contact_on.isoformat(),
            "note": found.note,
        }

    form, start_over = use_form(f"correct_care:{card_id}", fresh)
    ft.use_state(form)
    is_tried, set_tried = ft.use_state(False)
    if found is None:
        return page_body([empty_state(words("record.gone"), icon=ft.Icons.SEARCH_OFF)])
    # A customer whom others had recorded before keeps the name that they wrote.
    is_own_customer = found.customer_id == derived_id(found.id, "customer")

    async def save() -> None:
        set_tried(True)
        if not check_phone(str(form["phone"] or "")).is_whole:
            app.tell(words("form.missing"), tone="bad")
            return
        if not is_own_customer:
            form.put(name=None)
        await correct_care(app.field, form, found)
        app.navigation.back()
        app.tell(words("lead.corrected"), tone="good")

    return page_body(
        [
            restored_banner(words, start_over) if form.restored else None,
            None
            if is_own_customer
            else card(strong(customer_name(rows, found.customer_id)), spacing=0),
            enum_question(
                words,
                words("care.reason"),
                list(CareReason),
                form.chosen(CareReason, "reason"),
                lambda value: form.put(reason=value.value),
            ),
            contact_days(form, words, app.field.today()),
            enum_question(
                words,
                words("lead.need"),
                list(Need),
                form.chosen(Need, "need"),
                lambda value: form.put(need=value.value),
                hint=words("person.optional"),
            ),
            PersonFields(form, show_errors=is_tried, with_name=is_own_customer),
            text_field(
                words("lead.note"),
                str(form["note"] or ""),
                lambda text: form.type(note=text),
                lines=2,
                length_max=NOTE_MAX,
            ),
        ],
        footer=bottom_action(
            primary_button(words("lead.correct_save"), save, icon=ft.Icons.CHECK, expand=True)
        ),
    )
