"""The meeting with the customer, and which of the three parts were done there."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.buttons import primary_button, quiet_button
from client.components.cards import card
from client.components.chips import Option, toggle_chips
from client.components.screen import screen
from client.components.text import note, strong
from client.state import use_app, use_words, use_world
from client.views.desk.naming import customer_name
from client.views.desk.parts import profile_card
from shared.domain.referral import HandOverReferral, MeetReferral, Referral, ReferralStatus

__all__ = ["MeetPanel"]

CUSTOMER, INFORMATION, TRUST = PARTS = ("customer", "information", "trust")


@screen
def MeetPanel(lead: Referral, on_done: Callable[[], object]) -> ft.Control:
    """Record the meeting; parts that nobody did yet are taken as done now unless unticked.

    A customer who came to the outlet by themselves was handed over there and then: that is
    recorded first, for nobody is met who was neither handed over nor visited.
    """
    app, words, rows = use_app(), use_words(), use_world()
    before = {
        CUSTOMER: lead.customer_part_id,
        INFORMATION: lead.information_part_id,
        TRUST: lead.trust_part_id,
    }
    open_parts = [part for part in PARTS if before[part] is None]
    done, set_done = ft.use_state(tuple(open_parts))

    def toggle(part: str) -> None:
        set_done(tuple(one for one in PARTS if (one in done) != (one == part)))

    async def record() -> None:
        parts = {f"{part}_part": part in done for part in PARTS}
        if lead.status is ReferralStatus.ACCEPTED:
            # Whoever sits at the desk was received by name: the customer part at least.
            handed = parts | {"customer_part": parts["customer_part"] or not any(parts.values())}
            await app.field.record("hand_over_referral", HandOverReferral(id=lead.id, **handed))
        await app.field.record("meet_referral", MeetReferral(id=lead.id, **parts))
        app.tell(
            words("wm.met_recorded", name=customer_name(rows, lead.customer_id, words)),
            tone="good",
        )
        on_done()

    question = words("wm.met_parts")
    return card(
        strong(question),
        note(words("wm.met_parts_detail")),
        toggle_chips(
            [Option(part, words(f"parts.{part}")) for part in open_parts],
            done,
            toggle,
            name=question,
        )
        if open_parts
        else note(words("parts.all_done")),
        profile_card(rows, lead.wealth_manager_id, words) if TRUST in open_parts else None,
        ft.Row(
            [
                primary_button(words("wm.met_confirm"), record, icon=ft.Icons.CHECK, expand=True),
                quiet_button(words("desk.cancel"), on_done),
            ]
        ),
    )
