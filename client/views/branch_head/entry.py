"""What a points entry rests on (依据), and the decision about it."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.buttons import danger_button, primary_button, quiet_button
from client.components.cards import banner, card, empty_state, fact, section
from client.components.layout import bottom_action, spread
from client.components.text import figure, heading, note
from client.design import WARN
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.branch_head.entry_rows import signed
from client.views.branch_head.evidence import evidence
from client.views.branch_head.queue import SOMEBODY_ELSE, refusal_of
from client.views.branch_head.reckoning import reckoning
from client.views.branch_head.voucher import voucher_check
from client.views.desk.naming import staff_name
from client.views.desk.panes import detail_page
from client.views.desk.reasons import ReasonPanel
from client.views.desk.states import points_badge
from client.views.labels import points_reason
from client.views.workplace import screen
from shared.domain.desk import ApprovalFlag, ApprovalItem, approval_item
from shared.domain.points import (
    ApprovePoints,
    PointsEntry,
    PointsStatus,
    RejectPoints,
    ReversePoints,
)
from shared.domain.rows import Rows

__all__ = ["EntryPanel", "EntryScreen"]

REJECTING, REVERSING = "reject", "reverse"
POSTED = frozenset({PointsStatus.APPROVED, PointsStatus.SETTLED, PointsStatus.PAID})
REVERSE_REASONS = ("reverse.not_true", "reverse.voided", "reverse.mistake")
REJECT_REASONS = (
    "reject.not_true",
    "reject.duplicate",
    "reject.no_voucher",
    "reject.own_customer",
)


@screen
def EntryScreen(entry_id: str) -> ft.Control:
    """Show an entry on a page of its own."""
    return ft.Column([EntryPanel(entry_id, key=entry_id)], spacing=0, expand=True)


@screen
def EntryPanel(entry_id: str) -> ft.Control:
    """Show what an entry rests on, with approve and reject at the bottom."""
    app, words, rows = use_app(), use_words(), use_world()
    doing, do = ft.use_state("")
    entry = rows.get(PointsEntry, entry_id)
    if entry is None:
        return empty_state(words("bh.entry_gone"))
    item = approval_item(rows, entry, app.field.me.id)
    slug = None
    if entry.status is PointsStatus.PENDING:
        slug = refusal_of(rows, item, app.field.actor, app.field.now())

    async def approve() -> None:
        await app.field.record("approve_points", ApprovePoints(ids=(entry_id,)))
        app.tell(words("bh.approved", n=1), tone="good")
        _leave(app)

    panel = _reason_panel(app, entry_id, doing, words, lambda: do(""))
    is_mine = entry.status is PointsStatus.PENDING and slug not in SOMEBODY_ELSE
    footer = None
    if is_mine and panel is None:
        footer = bottom_action(
            danger_button(words("bh.reject"), lambda: do(REJECTING)),
            primary_button(
                words("bh.approve", points=signed(entry.points)),
                approve,
                icon=ft.Icons.CHECK,
                expand=True,
                disabled=slug is not None,
            ),
        )
    return detail_page(
        [
            _header(rows, entry, words),
            panel,
            *_concerns(item, slug, words),
            voucher_check(app, rows, entry, words),
            section(words("bh.reckoning"), reckoning(app, rows, entry, words)),
            section(words("bh.evidence"), evidence(app, rows, entry, words)),
            _reversal(app, rows, entry, words, lambda: do(REVERSING)) if panel is None else None,
        ],
        footer=footer,
    )


def _reason_panel(
    app: App, entry_id: str, doing: str, words: Words, on_done: Callable[[], object]
) -> ft.Control | None:
    """Ask why the entry is rejected, or should be taken back."""

    async def reject(reason: str) -> None:
        await app.field.record("reject_points", RejectPoints(ids=(entry_id,), reason=reason))
        app.tell(words("bh.rejected"))
        on_done()
        _leave(app)

    async def reverse(reason: str) -> None:
        await app.field.record("propose_reversal", ReversePoints(id=entry_id, reason=reason))
        app.tell(words("bh.reversal_proposed"))
        on_done()

    asked = {REJECTING: (REJECT_REASONS, reject), REVERSING: (REVERSE_REASONS, reverse)}
    if doing not in asked:
        return None
    reasons, record = asked[doing]
    return ReasonPanel(
        words(f"bh.{doing}_why"),
        [words(key) for key in reasons],
        words(f"bh.{doing}_confirm"),
        record,
        on_done,
        draft=f"{doing}:{entry_id}",
        detail=words(f"bh.{doing}_detail"),
    )


def _reversal(
    app: App,
    rows: Rows,
    entry: PointsEntry,
    words: Words,
    on_propose: Callable[[], object],
) -> ft.Control | None:
    """Offer to propose that approved points be taken back, while nobody has proposed it."""
    is_posted = entry.status in POSTED and entry.reverses_id is None
    if not is_posted or entry.payee_id == app.field.me.id:
        return None
    proposed = rows.where(PointsEntry, reverses_id=entry.id, status=PointsStatus.PENDING)
    if proposed:
        return banner(
            words("bh.reversal_waits"), detail=points_reason(proposed[0].reason or "", words)
        )
    return ft.Row([quiet_button(words("bh.reverse"), on_propose, color=WARN)])


def _leave(app: App) -> None:
    """Go back to the list, where this is a page of its own."""
    if app.navigation.location.startswith("/bh/entry/"):
        app.navigation.back()


def _header(rows: Rows, entry: PointsEntry, words: Words) -> ft.Control:
    return card(
        spread(
            ft.Column(
                [
                    heading(staff_name(rows, entry.payee_id, words)),
                    note(words.name(entry.kind)),
                ],
                spacing=2,
                tight=True,
            ),
            figure(signed(entry.points)),
        ),
        ft.Row([points_badge(entry.status, words)]),
        fact(words("bh.reason"), points_reason(entry.reason, words)) if entry.reason else None,
    )


def _concerns(item: ApprovalItem, slug: str | None, words: Words) -> list[ft.Control]:
    """Say in a sentence each what must be looked at."""
    shown = []
    if slug in SOMEBODY_ELSE:
        shown.append(
            banner(
                words.problem(slug or ""),
                detail=words("bh.others_detail"),
                tone="plain",
                icon=ft.Icons.GROUPS_OUTLINED,
            )
        )
    flags = sorted(item.flags - {ApprovalFlag.OWN, ApprovalFlag.UNVERIFIED})
    return [
        *shown,
        *[banner(words.name(flag), detail=words(f"bh.flag.{flag}"), tone="wait") for flag in flags],
    ]
