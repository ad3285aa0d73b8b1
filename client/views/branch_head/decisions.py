"""What only the branch head decides: vouchers to check, held duplicates, leads without an owner."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.cards import badge, empty_state, section, tap_card
from client.components.layout import page_body
from client.components.text import note, strong
from client.components.when import clock
from client.design import GAP
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.branch_head.duplicate import DuplicatePanel, held_line
from client.views.branch_head.referral import ReferralPanel
from client.views.desk.leads import is_overdue
from client.views.desk.naming import customer_name, referral_topic, staff_name, village_name
from client.views.desk.panes import panes
from client.views.workplace import screen
from shared.domain.desk import held_referrals, to_verify, unassigned_referrals
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = ["DecisionsTab", "open_decisions"]

LISTED_MAX = 40


def open_decisions(rows: Rows, outlet_id: str) -> int:
    """Return how many decisions wait for the branch head."""
    return sum(
        len(waiting(rows, outlet_id))
        for waiting in (unassigned_referrals, held_referrals, to_verify)
    )


@screen
def DecisionsTab() -> ft.Control:
    """Show what waits for my decision, the ones without an owner first."""
    app, words, rows = use_app(), use_words(), use_world()
    look, _ = ft.use_state(app.look)
    chosen, choose = ft.use_state("")
    outlet_id = app.field.actor.outlet_id
    heaps = {
        "unassigned": unassigned_referrals(rows, outlet_id),
        "held": held_referrals(rows, outlet_id),
        "to_verify": to_verify(rows, outlet_id),
        "overdue": _overdue(app, rows, outlet_id),
    }
    everything = [lead for heap in heaps.values() for lead in heap]
    shown = chosen or (everything[0].id if everything else "")

    def open_lead(lead: Referral) -> None:
        if look.wide:
            choose(lead.id)
        elif lead.status is ReferralStatus.HELD:
            app.navigation.open(f"/bh/duplicate/{lead.id}")
        else:
            app.navigation.open(f"/bh/referral/{lead.id}")

    listed: list[ft.Control] = [
        section(
            words(f"bh.heap.{name}", n=len(heap)),
            note(words(f"bh.heap.{name}_detail")),
            *[
                _row(app, rows, lead, words, open_lead, is_chosen=look.wide and lead.id == shown)
                for lead in heap[:LISTED_MAX]
            ],
        )
        for name, heap in heaps.items()
        if heap
    ]
    if not listed:
        listed = [
            empty_state(
                words("bh.no_decisions"),
                detail=words("bh.no_decisions_detail"),
                icon=ft.Icons.TASK_ALT,
            )
        ]
    listed.append(ft.Container(height=GAP))
    if not look.wide:
        return page_body(listed)
    return panes(listed, _panel(rows, shown), nothing_chosen=words("bh.choose_decision"))


def _panel(rows: Rows, lead_id: str) -> ft.Control | None:
    lead = rows.get(Referral, lead_id) if lead_id else None
    if lead is None:
        return None
    panel = (
        DuplicatePanel(lead.id, key=lead.id)
        if lead.status is ReferralStatus.HELD
        else ReferralPanel(lead.id, key=lead.id)
    )
    return ft.Column([panel], spacing=0, expand=True)


def _row(
    app: App,
    rows: Rows,
    lead: Referral,
    words: Words,
    on_open: Callable[[Referral], object],
    *,
    is_chosen: bool,
) -> ft.Control:
    name = customer_name(rows, lead.customer_id, words)
    return tap_card(
        strong(name, max_lines=1),
        note(
            words("desk.dot").join(
                (village_name(rows, lead.village_id, words), referral_topic(lead, words))
            ),
            max_lines=2,
        ),
        ft.Row([_why_here(app, rows, lead, words)], wrap=True),
        on_click=lambda: on_open(lead),
        key=lead.id,
        is_chosen=is_chosen,
    )


def _why_here(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control:
    if lead.status is ReferralStatus.HELD:
        return badge(held_line(lead, words), "bad", icon=ft.Icons.CONTENT_COPY_OUTLINED)
    if lead.status is ReferralStatus.SUCCEEDED:
        return badge(
            words("wm.voucher_is", number=lead.voucher_number or ""),
            "wait",
            icon=ft.Icons.RECEIPT_LONG_OUTLINED,
        )
    if lead.status is ReferralStatus.ROUTED and lead.due_at:
        return badge(
            words(
                "bh.late",
                name=staff_name(rows, lead.wealth_manager_id, words),
                when=clock(lead.due_at, app.field.now(), words),
            ),
            "bad",
            icon=ft.Icons.ALARM,
        )
    return badge(words("bh.no_owner"), "bad", icon=ft.Icons.PERSON_SEARCH_OUTLINED)


def _overdue(app: App, rows: Rows, outlet_id: str) -> list[Referral]:
    now = app.field.now()
    late = [
        lead
        for lead in rows.where(Referral, outlet_id=outlet_id, status=ReferralStatus.ROUTED)
        if is_overdue(lead, now)
    ]
    return sorted(late, key=lambda lead: (lead.due_at or now, lead.id))
