"""Putting right a care card that nobody has acted on yet."""

from __future__ import annotations

import flet as ft

from client.actions.care import correct_care
from client.components.cards import card
from client.components.questions import enum_question
from client.components.text import strong
from client.form import use_form
from client.state import App, use_app, use_words, use_world
from client.views.labels import customer_name
from client.views.postman.care_form import contact_days
from client.views.postman.correction import correction_page, record_gone, use_correction
from client.views.workplace import screen
from shared.domain.care_card import CareCard, CareReason
from shared.domain.referral import Need

__all__ = ["CorrectCareScreen"]


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
    ids = (card_id, found.customer_id if found else "")

    async def send(app: App) -> None:
        if found is not None:
            await correct_care(app.field, form, found)

    correction = use_correction(form, start_over, ids, send)
    if found is None:
        return record_gone()
    return correction_page(
        correction,
        [
            None
            if correction.is_own_customer
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
        ],
    )
