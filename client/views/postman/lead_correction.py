"""Putting right a lead that nobody has acted on yet."""

from __future__ import annotations

import flet as ft

from client.actions.leads import correct_lead
from client.components.questions import enum_question
from client.form import use_form
from client.state import use_words, use_world
from client.views.labels import customer_name
from client.views.postman.correction import correction_page, record_gone, use_correction
from client.views.workplace import screen
from shared.domain.referral import AmountBand, Interest, Need, Referral

__all__ = ["CorrectLeadScreen"]


@screen
def CorrectLeadScreen(referral_id: str) -> ft.Control:
    """Show what was recorded, to be changed."""
    words, rows = use_words(), use_world()
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
    ids = (referral_id, referral.customer_id if referral else "")
    correction = use_correction(
        form, start_over, ids, lambda app: correct_lead(app.field, form, referral_id)
    )
    if referral is None:
        return record_gone()
    return correction_page(
        correction,
        [
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
        ],
        [
            enum_question(
                words,
                words("lead.amount"),
                list(AmountBand),
                form.chosen(AmountBand, "amount_band"),
                lambda value: form.put(amount_band=value.value),
            ),
        ],
    )
