"""The leads that were routed to me: answer them, then work on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import flet as ft

from client.components.cards import empty_state, section
from client.components.layout import gap, page_body
from client.state import use_app, use_words, use_world
from client.strings import Words
from client.views.desk.leads import by_cash
from client.views.desk.naming import customer_name
from client.views.desk.panes import panes
from client.views.wealth_manager.answers import DeclinePanel, accept
from client.views.wealth_manager.lead import LeadPanel
from client.views.wealth_manager.lead_rows import lead_row, offered_lead
from client.views.workplace import screen
from shared.domain.day_plan import leads_for, leads_in_hand
from shared.domain.referral import Referral
from shared.domain.rows import Rows

__all__ = ["LeadsTab"]

SHOWN_MAX = 100


@screen
def LeadsTab() -> ft.Control:
    """Show what waits for an answer, and what I accepted; on a desk with the lead beside it."""
    app, words, rows = use_app(), use_words(), use_world()
    look, _ = ft.use_state(app.look)
    chosen, choose = ft.use_state("")
    declining, decline = ft.use_state("")
    me = app.field.me.id
    offered = leads_for(rows, me)
    accepted = by_cash(rows, leads_in_hand(rows, me), app.field.today())
    shown = _shown(rows, chosen, [*offered, *accepted])

    def open_lead(lead: Referral) -> None:
        if look.wide:
            choose(lead.id)
        else:
            app.navigation.open(f"/wm/lead/{lead.id}")

    def offer(lead: Referral) -> ft.Control:
        if declining == lead.id:
            return _decline_panel(rows, lead, words, lambda: decline(""))
        return offered_lead(
            app,
            rows,
            lead,
            words,
            on_open=lambda: open_lead(lead),
            on_accept=lambda: accept(app, rows, lead, words),
            on_decline=lambda: decline(lead.id),
            is_chosen=look.wide and lead.id == shown,
        )

    def row(lead: Referral) -> ft.Control:
        is_chosen = look.wide and lead.id == shown
        return lead_row(app, rows, lead, words, partial(open_lead, lead), is_chosen=is_chosen)

    listed = [
        section(
            words("wm.to_answer", n=len(offered)),
            *[offer(lead) for lead in offered[:SHOWN_MAX]],
            None if offered else _nothing_new(words),
        ),
        section(words("wm.in_hand", n=len(accepted)), *[row(lead) for lead in accepted[:SHOWN_MAX]])
        if accepted
        else gap(),
        gap(),
    ]
    if not look.wide:
        return page_body(listed)
    return panes(
        listed,
        ft.Column([LeadPanel(shown, key=shown)], spacing=0, expand=True) if shown else None,
        nothing_chosen=words("wm.choose_lead"),
    )


def _shown(rows: Rows, chosen: str, listed: list[Referral]) -> str:
    """Return the lead beside the list: the one chosen, also once it has left the list."""
    if chosen and rows.get(Referral, chosen) is not None:
        return chosen
    return listed[0].id if listed else ""


def _decline_panel(
    rows: Rows, lead: Referral, words: Words, on_done: Callable[[], object]
) -> ft.Control:
    name = customer_name(rows, lead.customer_id, words)
    return ft.Container(DeclinePanel(lead.id, name, on_done), key=lead.id)


def _nothing_new(words: Words) -> ft.Control:
    return empty_state(
        words("wm.nothing_new"),
        detail=words("wm.nothing_new_detail"),
        icon=ft.Icons.INBOX_OUTLINED,
    )
