"""A lead's way as a line of steps: on this phone, received, routed, accepted, met, done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import flet as ft

from client.components.text import note, strong
from client.components.when import clock
from client.design import GAP, INK, INK_SOFT, LEAF, LINE
from client.state import App
from client.status import OutboxState
from client.strings import Words
from client.views.labels import staff_name
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = ["Passed", "progress_line", "progress_of"]

S = ReferralStatus
WITH_MANAGER = (S.ACCEPTED, S.HANDED_OVER, S.VISIT_SET, S.MET, S.SUCCEEDED, S.VERIFIED)
ROUTED_ON = (S.ROUTED, *WITH_MANAGER)
ENDS = (S.CARED_FOR, S.JOINED, S.LOST, S.VOID, S.WITHDRAWN)
DETAIL_BESIDE_MAX = 16  # Characters; a date and time is shorter.


@dataclass(frozen=True, slots=True)
class Passed:
    """A step of the way: passed or to come, and when."""

    text: str
    is_done: bool
    detail: str = ""


def progress_of(app: App, rows: Rows, referral: Referral, words: Words) -> list[Passed]:
    """Return the steps of a lead's way, the ones to come included until it has ended."""
    ops = [op for op in app.field.ops_about(referral.id) if op.name == "submit_referral"]
    op = ops[0] if ops else None
    is_received = op is None or op.state is OutboxState.OK
    number = (op.receipt_number if op else None) or referral.receipt_number
    now = app.field.now()
    steps = [
        Passed(
            words("way.on_phone"),
            is_done=True,
            detail=clock(referral.captured_to, now, words),
        ),
        Passed(
            words("way.received"),
            is_done=is_received,
            detail=words("receipt.number", n=number)
            if is_received and number
            else words("way.received_next"),
        ),
    ]
    if referral.status in ENDS:
        return [
            *steps,
            Passed(words.name(referral.status), is_done=True, detail=referral.ended_reason or ""),
        ]
    return steps + _on_the_way(rows, referral, words, now, is_received=is_received)


def _on_the_way(
    rows: Rows, referral: Referral, words: Words, now: dt.datetime, *, is_received: bool
) -> list[Passed]:
    manager = staff_name(rows, referral.wealth_manager_id)
    is_routed = is_received and referral.status in ROUTED_ON
    waiting_key = f"way.{referral.status.value}"
    return [
        Passed(
            words("way.routed", name=manager) if is_routed else words("way.routing"),
            is_done=is_routed,
            detail=words(waiting_key)
            if is_received and not is_routed and words.knows(waiting_key)
            else "",
        ),
        Passed(
            words("way.accepted"),
            is_done=referral.accepted_at is not None,
            detail=_at(referral.accepted_at, now, words),
        ),
        Passed(
            words("way.met"),
            is_done=referral.met_at is not None,
            detail=_at(referral.met_at, now, words)
            or (words.name(S.VISIT_SET) if referral.status is S.VISIT_SET else ""),
        ),
        Passed(
            words("way.succeeded"),
            is_done=referral.succeeded_at is not None,
            detail=_at(referral.succeeded_at, now, words),
        ),
        Passed(
            words("way.verified"),
            is_done=referral.verified_at is not None,
            detail=_at(referral.verified_at, now, words),
        ),
    ]


def progress_line(app: App, rows: Rows, referral: Referral, words: Words) -> list[ft.Control]:
    """Return the steps as rows; what is passed has a check mark."""
    return [_step(step) for step in progress_of(app, rows, referral, words)]


def _at(instant: dt.datetime | None, now: dt.datetime, words: Words) -> str:
    return clock(instant, now, words) if instant else ""


def _step(step: Passed) -> ft.Control:
    icon = ft.Icons.CHECK_CIRCLE if step.is_done else ft.Icons.RADIO_BUTTON_UNCHECKED
    text = strong(step.text, color=INK if step.is_done else INK_SOFT, expand=True)
    said: list[ft.Control] = [text, note(step.detail)]
    if len(step.detail) > DETAIL_BESIDE_MAX:  # A reason in somebody's own words.
        text.expand = None
        said = [ft.Column([text, note(step.detail)], spacing=0, tight=True, expand=True)]
    return ft.Row(
        [
            ft.Icon(icon, color=LEAF if step.is_done else LINE, size=22),
            *said,
        ],
        spacing=GAP,
        vertical_alignment=ft.CrossAxisAlignment.CENTER,
    )
