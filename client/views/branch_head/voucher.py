"""The check of a success against its voucher, which comes before its points are approved."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.buttons import secondary_button
from client.components.cards import banner, card, fact, section
from client.components.text import figure, note
from client.design import GAP_S
from client.state import App
from client.strings import Words
from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import NamedReferral, Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = ["voucher_card", "voucher_check"]


def voucher_check(app: App, rows: Rows, entry: PointsEntry, words: Words) -> ft.Control | None:
    """Let a success be checked against its voucher, before its points can be approved."""
    if entry.evidence_verified or entry.status is not PointsStatus.PENDING:
        return None
    lead = rows.get(Referral, entry.evidence_id)
    if lead is None:
        return None
    if lead.status is ReferralStatus.VERIFIED:
        return banner(words("bh.verified_waits"), tone="good", icon=ft.Icons.VERIFIED_OUTLINED)

    async def verify() -> None:
        await app.field.record("verify_referral", NamedReferral(id=lead.id))
        app.tell(words("bh.verified"), tone="good")

    return section(words("bh.verify_title"), voucher_card(lead, words, verify))


def voucher_card(lead: Referral, words: Words, verify: Callable[[], object]) -> ft.Control:
    """Show a voucher's number beside the question whether the slip says the same."""
    return card(
        note(words("bh.verify_detail")),
        ft.Row([figure(lead.voucher_number or words("bh.no_voucher"))], wrap=True),
        fact(words("wm.band"), words.name(lead.result_band)) if lead.result_band else None,
        ft.Row(
            [
                secondary_button(
                    words("bh.verify"), verify, icon=ft.Icons.VERIFIED_OUTLINED, expand=True
                )
            ],
            spacing=GAP_S,
        ),
        tone="wait",
    )
