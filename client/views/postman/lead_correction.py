"""Putting right a lead that nobody has acted on yet."""

from __future__ import annotations

import flet as ft

from client.actions.leads import correct_lead
from client.actions.phone import check_phone
from client.components.buttons import primary_button
from client.components.cards import empty_state
from client.components.fields import text_field
from client.components.layout import bottom_action, page_body
from client.components.person_fields import PersonFields
from client.components.questions import enum_question, restored_banner
from client.form import use_form
from client.state import use_app, use_words, use_world
from client.views.labels import customer_name
from client.views.workplace import screen
from shared.domain.referral import AmountBand, Interest, Need, Referral
from shared.ids import derived_id

__all__ = ["CorrectLeadScreen"]

NOTE_MAX = 500


@screen
def CorrectLeadScreen(referral_id: str) -> ft.Control:
    """Show what was recorded, to be changed."""
    app, words, rows = use_app(), use_words(), use_world()
    referral = rows.get(Referral, referral_id)

    def fresh() -> dict[str, str | None]:
        if referral is None:
            return {}
        return {
            "name": customer_name(rows, referral.customer_id),
            "need": referral.need.value,
            "interest": referral.interest.value,
            "amount_band": referral.amount_band.value if referral.amount_band else None,
            "note": referral.note,
        }

    form, start_over = use_form(f"correct:{referral_id}", fresh)
    ft.use_state(form)
    is_tried, set_tried = ft.use_state(False)
    if referral is None:
        return page_body([empty_state(words("record.gone"), icon=ft.Icons.SEARCH_OFF)])
    # A customer whom others had recorded before keeps the name that they wrote.
    is_own_customer = referral.customer_id == derived_id(referral.id, "customer")

    async def save() -> None:
        set_tried(True)
        if not check_phone(str(form["phone"] or "")).is_whole:
            app.tell(words("form.missing"), tone="bad")
            return
        if not is_own_customer:
            form.put(name=None)
        await correct_lead(app.field, form, referral_id)
        app.navigation.back()
        app.tell(words("lead.corrected"), tone="good")

    return page_body(
        [
            restored_banner(words, start_over) if form.restored else None,
            enum_question(
                words,
                words("lead.need"),
                list(Need),
                form.chosen(Need, "need"),
                lambda value: form.put(need=value.value),
            ),
            enum_question(
                words,
                words("lead.interest"),
                list(reversed(Interest)),
                form.chosen(Interest, "interest"),
                lambda value: form.put(interest=value.value),
            ),
            PersonFields(form, show_errors=is_tried, with_name=is_own_customer),
            enum_question(
                words,
                words("lead.amount"),
                list(AmountBand),
                form.chosen(AmountBand, "amount_band"),
                lambda value: form.put(amount_band=value.value),
            ),
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
