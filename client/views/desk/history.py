"""What happened to a referral, from the capture to the check of its voucher, as a timeline."""

from __future__ import annotations

import datetime as dt

import flet as ft

from client.components.charts.timeline import Moment, timeline
from client.components.text import body, note
from client.components.when import clock, day
from client.state import App
from client.strings import Words
from client.views.desk.leads import trace_of
from client.views.desk.naming import staff_name
from shared.domain.moment import ClockGrade
from shared.domain.referral import Referral
from shared.domain.rows import Rows
from shared.domain.visit import Visit

__all__ = ["captured_when", "history"]


def history(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control:
    """Draw everything that has happened to *lead* and is known here."""
    now = app.field.now()
    manager = staff_name(rows, lead.wealth_manager_id, words)
    moments = [
        Moment(
            icon=ft.Icons.EDIT_NOTE,
            content=body(words("history.captured", name=staff_name(rows, lead.referrer_id, words))),
            when=captured_when(lead, now, words),
        )
    ]
    trace = trace_of(rows, lead)
    if trace is not None:
        chosen = (
            words("history.routed", name=staff_name(rows, trace.chosen_id, words))
            if trace.chosen_id
            else words("history.unassigned")
        )
        moments.append(_moment(ft.Icons.CALL_SPLIT, chosen, trace.at, now, words))
    if lead.accepted_at:
        said = words("history.accepted", name=manager)
        moments.append(_moment(ft.Icons.CHECK, said, lead.accepted_at, now, words))
    moments.extend(_parts(rows, lead, words))
    visit = rows.get(Visit, lead.visit_id) if lead.visit_id else None
    if visit is not None:
        moments.append(
            Moment(
                icon=ft.Icons.DIRECTIONS_WALK,
                content=body(
                    words(
                        "history.visit",
                        day=day(visit.planned_on, app.field.today(), words),
                        state=words.name(visit.status),
                    )
                ),
            )
        )
    if lead.met_at:
        said = words("history.met", name=manager)
        moments.append(_moment(ft.Icons.PEOPLE_OUTLINE, said, lead.met_at, now, words))
    if lead.succeeded_at:
        said = words(
            "history.succeeded",
            number=lead.voucher_number or "",
            band=words.name(lead.result_band) if lead.result_band else "",
        )
        moments.append(_moment(ft.Icons.RECEIPT_LONG_OUTLINED, said, lead.succeeded_at, now, words))
    if lead.verified_at:
        said = words("history.verified")
        moments.append(_moment(ft.Icons.VERIFIED_OUTLINED, said, lead.verified_at, now, words))
    if lead.ended_reason:
        said = words("history.ended", state=words.name(lead.status), reason=lead.ended_reason)
        moments.append(Moment(icon=ft.Icons.STOP_CIRCLE_OUTLINED, content=body(said)))
    return timeline(moments)


def captured_when(lead: Referral, now: dt.datetime, words: Words) -> str:
    """Return when the lead was captured, as far as anybody can prove it."""
    if lead.clock_grade is ClockGrade.A or lead.captured_from == lead.captured_to:
        return clock(lead.captured_to, now, words)
    return words(
        "history.between",
        start=clock(lead.captured_from, now, words),
        end=clock(lead.captured_to, now, words),
    )


def _moment(
    icon: ft.IconData, said: str, at: dt.datetime, now: dt.datetime, words: Words
) -> Moment:
    return Moment(icon=icon, content=body(said), when=clock(at, now, words), tone="good")


def _parts(rows: Rows, lead: Referral, words: Words) -> list[Moment]:
    done = [
        words(f"parts.{part}") + words("history.by", name=staff_name(rows, by, words))
        for part, by in (
            ("customer", lead.customer_part_id),
            ("information", lead.information_part_id),
            ("trust", lead.trust_part_id),
        )
        if by is not None
    ]
    if not done:
        return []
    return [
        Moment(
            icon=ft.Icons.HANDSHAKE_OUTLINED,
            content=note(words("desk.comma").join(done)),
            tone="good",
        )
    ]
