"""The two answers to a lead: accepted in one tap, declined with a reason."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.screen import screen
from client.state import App, use_app, use_words
from client.strings import Words
from client.views.desk.naming import customer_name
from client.views.desk.reasons import ReasonPanel
from shared.domain.referral import NamedReferral, ReasonedReferral, Referral
from shared.domain.rows import Rows

__all__ = ["DECLINE_REASONS", "DeclinePanel", "accept"]

DECLINE_REASONS = (
    "decline.busy",
    "decline.away",
    "decline.not_my_customer",
    "decline.not_my_field",
)


async def accept(app: App, rows: Rows, lead: Referral, words: Words) -> None:
    """Accept a lead; what to do next is offered at once."""
    await app.field.record("accept_referral", NamedReferral(id=lead.id))
    app.tell(
        words("wm.accepted", name=customer_name(rows, lead.customer_id, words)),
        tone="good",
        action=words("wm.schedule_now"),
        on_action=lambda: app.navigation.open(f"/wm/schedule?lead={lead.id}"),
    )


@screen
def DeclinePanel(lead_id: str, name: str, on_done: Callable[[], object]) -> ft.Control:
    """Ask why the lead is given back, and give it back."""
    app, words = use_app(), use_words()

    async def decline(reason: str) -> None:
        await app.field.record("decline_referral", ReasonedReferral(id=lead_id, reason=reason))
        app.tell(words("wm.declined"))
        on_done()

    return ReasonPanel(
        words("wm.decline_why", name=name),
        [words(key) for key in DECLINE_REASONS],
        words("wm.decline_confirm"),
        decline,
        on_done,
        draft=f"decline:{lead_id}",
        detail=words("wm.decline_detail"),
    )
