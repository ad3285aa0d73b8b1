"""A points entry as a row: whose, for what, how many, and why it should be looked at."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.cards import badge, tap_card
from client.components.guard import guarded
from client.components.text import body, note, strong
from client.components.when import clock, month
from client.design import CARD, GAP, GAP_S, LEAF, LINE_SOFT, RADIUS, TARGET, TONES
from client.state import App
from client.strings import Words
from client.views.desk.naming import customer_name, staff_name, village_name
from shared.domain.care_card import CareCard
from shared.domain.desk import ApprovalFlag, ApprovalItem
from shared.domain.harvest import HarvestDate
from shared.domain.points import PointsEntry
from shared.domain.referral import Referral
from shared.domain.rows import Rows

__all__ = ["entry_row", "evidence_line", "flag_badges", "pickable_row", "signed"]

GRAVE = frozenset({ApprovalFlag.CLOCK, ApprovalFlag.POSSIBLE_DUPLICATE, ApprovalFlag.REVERSAL})


def entry_row(
    app: App,
    rows: Rows,
    item: ApprovalItem,
    words: Words,
    on_open: Callable[[], object],
    *,
    is_chosen: bool = False,
) -> ft.Control:
    """Show an entry that opens as a whole."""
    entry = item.entry
    payee = staff_name(rows, entry.payee_id, words)
    return tap_card(
        ft.Row([strong(payee, max_lines=1, expand=True), _points(entry)], spacing=GAP_S),
        note(_what(app, rows, entry, words), max_lines=2),
        ft.Row(flag_badges(item.flags, words), wrap=True, spacing=6, run_spacing=4),
        on_click=on_open,
        key=entry.id,
        is_chosen=is_chosen,
    )


def pickable_row(
    app: App,
    rows: Rows,
    item: ApprovalItem,
    words: Words,
    *,
    is_picked: bool,
    is_chosen: bool,
    on_pick: Callable[[], object],
    on_open: Callable[[], object],
) -> ft.Control:
    """Show an entry of the page: ticked it is approved with it; the text opens it."""
    entry = item.entry
    payee = staff_name(rows, entry.payee_id, words)
    said = words(
        "bh.open_entry", name=payee, kind=words.name(entry.kind), points=signed(entry.points)
    )
    return ft.Container(
        ft.Row(
            [
                ft.Checkbox(
                    value=is_picked,
                    on_change=guarded(lambda _: on_pick()),
                    active_color=LEAF,
                    semantics_label=words("bh.pick", entry=said),
                    width=TARGET,
                    height=TARGET,
                ),
                ft.Semantics(
                    button=True,
                    expand=True,
                    content=ft.Container(
                        ft.Row(
                            [
                                ft.Column(
                                    [
                                        strong(payee, max_lines=1),
                                        note(_what(app, rows, entry, words), max_lines=2),
                                    ],
                                    spacing=0,
                                    tight=True,
                                    expand=True,
                                ),
                                _points(entry),
                            ],
                            spacing=GAP_S,
                        ),
                        on_click=guarded(on_open),
                        ink=True,
                        padding=ft.Padding.only(top=GAP_S, bottom=GAP_S, right=GAP),
                    ),
                ),
            ],
            spacing=0,
        ),
        bgcolor=TONES["good"].ground if is_chosen else CARD,
        border=ft.Border.all(1, LEAF if is_chosen else LINE_SOFT),
        border_radius=RADIUS,
    )


def flag_badges(flags: frozenset[ApprovalFlag], words: Words) -> list[ft.Control]:
    """Say why an entry should be looked at, the gravest first."""
    ordered = sorted(flags, key=lambda flag: (flag not in GRAVE, flag))
    return [
        badge(
            words.name(flag),
            "bad" if flag in GRAVE else "wait",
            icon=ft.Icons.PRIORITY_HIGH if flag in GRAVE else ft.Icons.INFO_OUTLINE,
        )
        for flag in ordered
    ]


def evidence_line(rows: Rows, entry: PointsEntry, words: Words) -> str:
    """Return what the entry is about: a customer, or a village's sale."""
    if entry.evidence_table == Referral.TABLE:
        lead = rows.get(Referral, entry.evidence_id)
        if lead is not None:
            return words("desk.dot").join(
                (
                    customer_name(rows, lead.customer_id, words),
                    village_name(rows, lead.village_id, words),
                )
            )
    if entry.evidence_table == CareCard.TABLE:
        card = rows.get(CareCard, entry.evidence_id)
        if card is not None:
            return customer_name(rows, card.customer_id, words)
    if entry.evidence_table == HarvestDate.TABLE:
        sale = rows.get(HarvestDate, entry.evidence_id)
        if sale is not None:
            return village_name(rows, sale.village_id, words)
    return words("bh.evidence_missing")


def signed(points: int) -> str:
    """Return points with their sign."""
    return f"{points:+d}" if points else "0"


def _points(entry: PointsEntry) -> ft.Control:
    tone = TONES["good" if entry.points > 0 else "plain"]
    return ft.Container(
        body(signed(entry.points), color=tone.ink),
        bgcolor=tone.ground,
        border_radius=RADIUS,
        padding=ft.Padding.symmetric(horizontal=GAP, vertical=2),
    )


def _what(app: App, rows: Rows, entry: PointsEntry, words: Words) -> str:
    parts = [
        words.name(entry.kind),
        evidence_line(rows, entry, words),
        clock(entry.earned_to, app.field.now(), words),
    ]
    if entry.period != f"{app.field.today():%Y-%m}":
        parts.append(words("bh.of_month", month=month(entry.period, words)))
    return words("desk.dot").join(parts)
