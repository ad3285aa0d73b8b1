"""The three parts of a complete referral (S41–S43): customer, information, trust."""

from __future__ import annotations

import flet as ft

from client.components.cards import card
from client.components.layout import stack
from client.components.text import body, note, strong
from client.design import GAP, INK_SOFT, LEAF, TONES
from client.strings import Words
from client.views.desk.naming import (
    customer_name,
    referral_topic,
    sale_of,
    staff_name,
    tag_name,
    village_name,
)
from shared.domain.people import WealthManagerProfile
from shared.domain.referral import Referral
from shared.domain.rows import Rows

__all__ = ["parts_card", "profile_card"]


def parts_card(
    rows: Rows, lead: Referral, words: Words, *, action: ft.Control | None = None
) -> ft.Control:
    """Show what of the referral was done, by whom, and the words for what was not."""
    prompt = words(
        "parts.customer_prompt",
        manager=staff_name(rows, lead.wealth_manager_id, words),
        customer=customer_name(rows, lead.customer_id, words),
    )
    sale = sale_of(rows, lead)
    known = [referral_topic(lead, words), *([lead.note] if lead.note else [])]
    if sale is not None:
        known.append(
            words(
                "parts.sale",
                village=village_name(rows, sale.village_id, words),
                month=sale.payout_on.month,
                day=sale.payout_on.day,
            )
        )
    return card(
        _part(rows, words("parts.customer"), lead.customer_part_id, prompt, words),
        _part(rows, words("parts.information"), lead.information_part_id, "\n".join(known), words),
        _part(rows, words("parts.trust"), lead.trust_part_id, words("parts.trust_prompt"), words),
        profile_card(rows, lead.wealth_manager_id, words),
        action,
        spacing=GAP,
    )


def profile_card(rows: Rows, staff_id: str | None, words: Words) -> ft.Control | None:
    """Show a wealth manager as the customer is told of them: years, specialties, dialects."""
    profiles = rows.where(WealthManagerProfile, staff_id=staff_id) if staff_id else []
    if not profiles:
        return None
    profile = profiles[0]
    ink = TONES["harvest"].ink
    dot = words("desk.comma")
    facts = [
        words("profile.years", n=profile.years) if profile.years else "",
        words(
            "profile.specialties",
            what=dot.join(tag_name(tag, words) for tag in profile.specialties),
        )
        if profile.specialties
        else "",
        words("profile.dialects", what=dot.join(tag_name(tag, words) for tag in profile.dialects))
        if profile.dialects
        else "",
    ]
    return card(
        note(words("profile.show"), color=ink),
        ft.Row(
            [
                ft.Icon(ft.Icons.WORKSPACE_PREMIUM_OUTLINED, color=ink, size=26),
                strong(staff_name(rows, staff_id, words), color=ink),
            ]
        ),
        body(words("desk.dot").join(fact for fact in facts if fact), color=ink),
        body(profile.introduction, color=ink) if profile.introduction else None,
        tone="harvest",
    )


def _part(rows: Rows, name: str, done_by: str | None, prompt: str, words: Words) -> ft.Control:
    is_done = done_by is not None
    said = (
        words("parts.done_by", name=staff_name(rows, done_by, words))
        if is_done
        else words("parts.open")
    )
    return ft.Row(
        [
            ft.Icon(
                ft.Icons.CHECK_CIRCLE if is_done else ft.Icons.RADIO_BUTTON_UNCHECKED,
                color=LEAF if is_done else INK_SOFT,
                size=24,
            ),
            ft.Container(
                stack(
                    ft.Row([strong(name, expand=True), note(said)]),
                    body(prompt, color=INK_SOFT),
                    spacing=2,
                ),
                expand=True,
            ),
        ],
        vertical_alignment=ft.CrossAxisAlignment.START,
    )
