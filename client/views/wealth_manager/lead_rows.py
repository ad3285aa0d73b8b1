"""A lead as a row: who, where, what about, when the cash comes, until when to answer."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.buttons import primary_button, quiet_button
from client.components.cards import badge, card, tap_card
from client.components.guard import guarded
from client.components.text import body, note, strong
from client.components.when import clock, day
from client.design import GAP_S, INK_SOFT, WARN
from client.state import App
from client.strings import Words
from client.views.desk.leads import cash_on, is_overdue
from client.views.desk.naming import customer_name, referral_topic, village_name
from client.views.desk.states import referral_badge
from client.views.desk.why import why_short
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = ["lead_badges", "lead_row", "offered_lead"]


def offered_lead(
    app: App,
    rows: Rows,
    lead: Referral,
    words: Words,
    *,
    on_open: Callable[[], object],
    on_accept: Callable[[], object],
    on_decline: Callable[[], object],
    is_chosen: bool = False,
) -> ft.Control:
    """Show a lead that waits for an answer, with the answer one tap away."""
    return card(
        ft.Semantics(
            button=True,
            content=ft.Container(
                ft.Column(
                    [
                        ft.Row(
                            [
                                strong(
                                    customer_name(rows, lead.customer_id, words),
                                    max_lines=1,
                                    expand=True,
                                ),
                                ft.Icon(ft.Icons.CHEVRON_RIGHT, color=INK_SOFT, size=22),
                            ],
                            spacing=GAP_S,
                        ),
                        body(_where(rows, lead, words), max_lines=2),
                        ft.Row(_times(app, rows, lead, words), wrap=True, spacing=6, run_spacing=4),
                        ft.Row(
                            [
                                ft.Icon(ft.Icons.HELP_OUTLINE, size=16, color=INK_SOFT),
                                note(
                                    words(
                                        "wm.why_me",
                                        why=why_short(rows, lead, app.field.me.id, words),
                                    ),
                                    max_lines=2,
                                    expand=True,
                                ),
                            ],
                            spacing=6,
                        ),
                    ],
                    spacing=4,
                    tight=True,
                ),
                on_click=guarded(on_open),
                ink=True,
            ),
        ),
        ft.Row(
            [
                primary_button(words("wm.accept"), on_accept, icon=ft.Icons.CHECK, expand=True),
                quiet_button(words("wm.decline"), on_decline, color=WARN),
            ],
            spacing=GAP_S,
        ),
        tone="good" if is_chosen else None,
    )


def lead_row(
    app: App,
    rows: Rows,
    lead: Referral,
    words: Words,
    on_open: Callable[[], object],
    *,
    is_chosen: bool = False,
) -> ft.Control:
    """Show a lead as a row that opens it."""
    name = customer_name(rows, lead.customer_id, words)
    return tap_card(
        strong(name, max_lines=1),
        note(_where(rows, lead, words), max_lines=2),
        ft.Row(lead_badges(app, rows, lead, words), wrap=True, spacing=6, run_spacing=4),
        on_click=on_open,
        key=lead.id,
        is_chosen=is_chosen,
    )


def due_badge(app: App, lead: Referral, words: Words) -> ft.Control | None:
    """Say until when the lead waits for an answer; nothing when it does not."""
    if lead.status is not ReferralStatus.ROUTED or lead.due_at is None:
        return None
    when = clock(lead.due_at, app.field.now(), words)
    if is_overdue(lead, app.field.now()):
        return badge(words("wm.overdue", when=when), "bad", icon=ft.Icons.ALARM)
    return badge(words("wm.due", when=when), "wait", icon=ft.Icons.ALARM)


def cash_badge(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control | None:
    """Say when the customer's money comes; nothing when nobody knows."""
    on = cash_on(rows, lead)
    if on is None:
        return None
    return badge(
        words("wm.cash", day=day(on, app.field.today(), words)),
        "harvest",
        icon=ft.Icons.PAYMENTS_OUTLINED,
    )


def lead_badges(app: App, rows: Rows, lead: Referral, words: Words) -> list[ft.Control]:
    """Say where a lead stands, until when it waits for an answer, when the cash comes.

    That it was routed needs no saying: until when it waits says more.
    """
    times = _times(app, rows, lead, words)
    if lead.status is ReferralStatus.ROUTED and lead.due_at is not None:
        return times
    return [referral_badge(lead.status, words), *times]


def _times(app: App, rows: Rows, lead: Referral, words: Words) -> list[ft.Control]:
    shown = (due_badge(app, lead, words), cash_badge(app, rows, lead, words))
    return [one for one in shown if one is not None]


def _where(rows: Rows, lead: Referral, words: Words) -> str:
    return words("desk.dot").join(
        (village_name(rows, lead.village_id, words), referral_topic(lead, words))
    )
