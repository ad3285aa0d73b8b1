"""One's points: confirmed, in review and not uploaded, apart; each with its why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import flet as ft

from client.components.buttons import icon_button
from client.components.cards import badge, card, empty_state, fact, section, tap_card
from client.components.charts.month_flow import Flow, FlowEnd, month_flow
from client.components.layout import page_body
from client.components.paging import PagedList
from client.components.text import figure, heading, note, silent, strong
from client.components.when import clock, month
from client.design import GAP, GAP_L, GAP_S, RADIUS, TONES
from client.state import App, use_app, use_words, use_world
from client.status import PointsSummary
from client.strings import Words
from client.views.labels import (
    crop_name,
    customer_name,
    points_reason,
    staff_name,
    village_name,
)
from client.views.workplace import screen
from shared.domain.explanation import ExplanationLine, explain
from shared.domain.harvest import HarvestDate
from shared.domain.moment import day_at_outlet
from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import Referral
from shared.domain.rows import Rows

__all__ = ["PointsTab", "WhyScreen", "points_tone"]

MONTHS_OF_YEAR = 12


def points_tone(status: PointsStatus) -> str:
    """Return the tone of an entry's state."""
    if status in {PointsStatus.APPROVED, PointsStatus.SETTLED, PointsStatus.PAID}:
        return "good"
    return "wait" if status is PointsStatus.PENDING else "plain"


@screen
def PointsTab() -> ft.Control:
    """Show a month's points in three parts, and what earned them."""
    app, words, rows = use_app(), use_words(), use_world()
    look, _ = ft.use_state(app.look)
    this_month = f"{app.field.today():%Y-%m}"
    period, set_period = ft.use_state(this_month)
    entries = [
        entry
        for entry in rows.where(PointsEntry, payee_id=app.field.me.id)
        if entry.period == period
    ]
    groups: dict[str, list[PointsEntry]] = {}
    for entry in sorted(entries, key=lambda one: one.earned_to, reverse=True):
        groups.setdefault(entry.evidence_id, []).append(entry)
    chooser = ft.Row(
        [
            icon_button(
                ft.Icons.CHEVRON_LEFT,
                words("points.earlier"),
                lambda: set_period(_beside(period, -1)),
            ),
            heading(month(period, words)),
            icon_button(
                ft.Icons.CHEVRON_RIGHT,
                words("points.later"),
                lambda: set_period(_beside(period, 1)),
                disabled=period >= this_month,
            ),
        ],
        alignment=ft.MainAxisAlignment.CENTER,
    )
    return PagedList(
        list(groups.values()),
        lambda group: _group_row(app, rows, group, words),
        head=[
            chooser,
            *_figures(app.field.points(period), words),
            *_flow(entries, period, app.field.today(), look.page_width, words),
        ],
        empty=empty_state(
            words("points.empty"),
            detail=words("points.empty_detail"),
            icon=ft.Icons.STARS_OUTLINED,
        ),
    )


def _beside(period: str, months: int) -> str:
    year, number = map(int, period.split("-"))
    year, number = divmod(year * MONTHS_OF_YEAR + number - 1 + months, MONTHS_OF_YEAR)
    return f"{year:04}-{number + 1:02}"


def _figures(summary: PointsSummary, words: Words) -> list[ft.Control]:
    """Show the three parts side by side; they are never added up to one number."""
    parts = (
        ("points.approved", summary.approved, "good", words("points.approved_note")),
        ("points.pending", summary.pending, "wait", words("points.pending_note")),
        (
            "points.local",
            summary.local_points,
            "plain",
            words("points.local_note", n=summary.local_records),
        ),
    )
    return [
        ft.Row(
            [
                ft.Container(
                    ft.Column(
                        [
                            note(words(key), color=TONES[tone].ink),
                            figure(str(points), color=TONES[tone].ink),
                            note(told, color=TONES[tone].ink),
                        ],
                        spacing=2,
                        tight=True,
                    ),
                    bgcolor=TONES[tone].ground,
                    border_radius=RADIUS,
                    padding=GAP,
                    expand=True,
                )
                for key, points, tone, told in parts
            ],
            spacing=GAP_S,
            intrinsic_height=True,  # As high as the longest of them, in large type too.
            vertical_alignment=ft.CrossAxisAlignment.STRETCH,
        )
    ]


def _flow(
    entries: Sequence[PointsEntry], period: str, today: dt.date, width: int, words: Words
) -> list[ft.Control]:
    """Draw how the month's points came from event to approval; a line for each object's events."""
    shown: dict[tuple[dt.date, dt.date | None, FlowEnd, str], int] = {}
    for entry in entries:
        if entry.reverses_id is not None or not entry.points:
            continue
        decided = day_at_outlet(entry.decided_at) if entry.decided_at else None
        earned = day_at_outlet(entry.earned_to)
        key = (earned, decided, _end(entry.status), entry.evidence_id)
        shown[key] = shown.get(key, 0) + entry.points
    if not shown:
        return []
    flows = [
        Flow(earned_on=earned, decided_on=decided, end=end, points=points)
        for (earned, decided, end, _), points in sorted(shown.items(), key=lambda one: one[0][0])
    ]
    waiting = [flow for flow in flows if flow.end is FlowEnd.WAITS]
    name = words(
        "points.flow_name",
        month=month(period, words),
        n=len(flows),
        confirmed=sum(flow.end is FlowEnd.CONFIRMED for flow in flows),
        waiting=len(waiting),
    )
    if waiting:
        since = min(flow.earned_on for flow in waiting)
        said = words("when.date", month=since.month, day=since.day)
        name += words("points.flow_since", since=said)
    drawn = month_flow(
        dt.date.fromisoformat(f"{period}-01"),
        flows,
        today=today,
        width=width - 2 * GAP_L,
        earned=words("points.flow_earned"),
        decided=words("points.flow_decided"),
        name=name,
    )
    return [card(drawn, silent(note(name)))]


def _end(status: PointsStatus) -> FlowEnd:
    if status is PointsStatus.PENDING:
        return FlowEnd.WAITS
    return FlowEnd.CONFIRMED if points_tone(status) == "good" else FlowEnd.REFUSED


def _group_row(app: App, rows: Rows, group: Sequence[PointsEntry], words: Words) -> ft.Control:
    """Show all that one object earned, as one sum."""
    explanation = explain(group)
    about = _about(rows, group[0], words)
    state = (
        words("points.group_pending", n=explanation.pending)
        if explanation.pending
        else words("points.group_approved", n=explanation.approved)
    )
    on = day_at_outlet(group[0].earned_to)
    when = words("when.date", month=on.month, day=on.day)
    kinds = words("list.comma").join(words.name(line.kind) for line in explanation.lines)
    total = words("points.plus", n=explanation.total)
    return tap_card(
        ft.Row(
            [strong(about, max_lines=1, expand=True), heading(total)],
            spacing=GAP_S,
        ),
        note(f"{when} · {kinds}", max_lines=2),
        ft.Row([badge(state, "wait" if explanation.pending else "good")], wrap=True),
        on_click=lambda: app.navigation.open(f"/points/{group[0].id}"),
        key=group[0].id,
    )


def _about(rows: Rows, entry: PointsEntry, words: Words) -> str:
    """Say what the entry is about, as far as the phone still holds it."""
    referral = rows.get(Referral, entry.evidence_id)
    if referral is not None:
        return customer_name(rows, referral.customer_id)
    sale = rows.get(HarvestDate, entry.evidence_id)
    if sale is not None:
        return words(
            "sale.what",
            village=village_name(rows, sale.village_id),
            crop=crop_name(rows, sale.crop_id),
        )
    return words("points.card_number", number=entry.evidence_id)


@screen
def WhyScreen(entry_id: str) -> ft.Control:
    """Explain what one object earned: 12 = 2 + 1 + 2 + 7, and what each part rests on."""
    app, words, rows = use_app(), use_words(), use_world()
    entry = rows.get(PointsEntry, entry_id)
    if entry is None:
        return page_body([empty_state(words("record.gone"), icon=ft.Icons.SEARCH_OFF)])
    entries = [
        one
        for one in rows.where(PointsEntry, payee_id=entry.payee_id)
        if one.evidence_id == entry.evidence_id
    ]
    explanation = explain(entries)
    terms = " + ".join(str(line.counted) for line in explanation.lines if line.counted)
    return page_body(
        [
            card(
                note(_about(rows, entry, words)),
                figure(words("points.plus", n=explanation.total)),
                strong(words("points.sum", n=explanation.total, terms=terms))
                if " + " in terms
                else None,
            ),
            section(
                words("points.parts"),
                *(_line(app, rows, line, words) for line in explanation.lines),
            ),
            note(words("points.dispute")),
            ft.Container(height=GAP_S),
        ]
    )


def _line(app: App, rows: Rows, line: ExplanationLine, words: Words) -> ft.Control:
    now = app.field.now()
    facts = [
        fact(words("points.rule"), words("points.rule_is", version=line.policy_version)),
        fact(words("points.evidence"), _evidence(line, words)),
        fact(
            words("points.time"),
            words(
                f"clock_grade.{line.clock_grade.value}.long",
                at=clock(line.earned_to, now, words),
            ),
        ),
        fact(
            words("points.share"),
            words(
                "points.share_is",
                role=words.name(line.share_role),
                percent=line.share_percent,
                of=line.award_points,
            ),
        ),
        fact(words("points.approver"), _approver(app, rows, line, words)),
    ]
    if line.over_cap:
        facts.append(fact(words("points.cap"), words("points.over_cap", n=line.over_cap)))
    if line.reason:
        facts.append(fact(words("points.reason"), points_reason(line.reason, words)))
    if line.reverses_id:
        facts.append(fact(words("points.reversal"), words("points.reverses")))
    return card(
        ft.Row(
            [
                strong(words.name(line.kind), expand=True),
                badge(words.name(line.status), points_tone(line.status)),
                heading(words("points.plus", n=line.points)),
            ],
            spacing=GAP_S,
        ),
        *facts,
    )


def _evidence(line: ExplanationLine, words: Words) -> str:
    key = f"evidence.{line.evidence_table}"
    if words.knows(key):
        return words(key, number=line.evidence_id)
    return line.evidence_id


def _approver(app: App, rows: Rows, line: ExplanationLine, words: Words) -> str:
    if line.approver_id is None:
        return words("points.no_approver")
    at = clock(line.decided_at, app.field.now(), words) if line.decided_at else ""
    return f"{staff_name(rows, line.approver_id)} {at}"
