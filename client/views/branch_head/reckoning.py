"""How an entry's points come about: rule, share, cap, month, and how the time is known."""

from __future__ import annotations

import flet as ft

from client.components.cards import card, fact
from client.components.when import clock, month
from client.state import App
from client.strings import Words
from client.views.branch_head.entry_rows import signed
from client.views.desk.naming import staff_name
from shared.domain.moment import ClockGrade, day_at_outlet
from shared.domain.points import PointsEntry
from shared.domain.policy import policy_on
from shared.domain.rows import Rows

__all__ = ["reckoning"]


def reckoning(app: App, rows: Rows, entry: PointsEntry, words: Words) -> ft.Control:
    """Show how the points come about: rule, share, cap, month, and how the time is known."""
    now = app.field.now()
    grade = words(f"bh.grade.{entry.clock_grade}")
    if entry.clock_grade is ClockGrade.A:
        when = clock(entry.earned_to, now, words)
    else:
        when = words(
            "history.between",
            start=clock(entry.earned_from, now, words),
            end=clock(entry.earned_to, now, words),
        )
    return card(
        fact(words("bh.award"), words("bh.points_n", n=signed(entry.award_points))),
        fact(
            words("bh.share"),
            words(
                "bh.share_is",
                percent=entry.share_percent,
                role=words.name(entry.share_role),
                points=signed(entry.points),
            ),
        ),
        *[
            fact(
                words("bh.share_other"),
                words(
                    "bh.share_of",
                    name=staff_name(rows, other.payee_id, words),
                    percent=other.share_percent,
                    points=signed(other.points),
                ),
            )
            for other in _others(rows, entry)
        ],
        fact(words("bh.cap"), words("bh.cap_is", n=entry.over_cap, most=_most(app, rows, entry)))
        if entry.over_cap
        else None,
        fact(words("bh.rule"), entry.policy_version),
        fact(words("bh.when"), when),
        fact(words("bh.grade"), grade),
        fact(words("bh.period"), month(entry.period, words)),
        fact(words("bh.maker"), staff_name(rows, entry.maker_id, words)),
        fact(
            words("bh.decided"),
            words(
                "wm.referred_by_when",
                name=staff_name(rows, entry.decided_by_id, words),
                when=clock(entry.decided_at, now, words),
            ),
        )
        if entry.decided_at
        else None,
    )


def _most(app: App, rows: Rows, entry: PointsEntry) -> int:
    """Return the cap of the day that the entry counts against."""
    day = entry.capped_on or day_at_outlet(entry.earned_from)
    policy = policy_on(rows, day, county_id=app.field.actor.county_id)
    return policy.valid_lead_points_per_day_max


def _others(rows: Rows, entry: PointsEntry) -> list[PointsEntry]:
    """Return the shares that others have in the same award."""
    same = rows.where(PointsEntry, award=entry.award)
    return [
        other
        for other in same
        if other.id != entry.id and other.award_revision == entry.award_revision
    ]
