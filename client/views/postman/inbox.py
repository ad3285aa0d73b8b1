"""What needs a look: what the server refused, what became of leads, cards that are due."""

from __future__ import annotations

import flet as ft

from client.components.cards import badge, empty_state, section, tap_card
from client.components.layout import page_body
from client.components.text import note, strong
from client.components.when import clock
from client.design import GAP_S
from client.state import App, Field, use_app, use_words, use_world
from client.status import OutboxItem, OutboxState
from client.strings import Words
from client.views.about import row_about, said_notice
from client.views.postman.rows import care_row, lead_row
from client.views.refusal import refusal_card
from client.views.workplace import screen
from shared.domain.notice import Notice, SeeNotice
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.round import follow_ups_due, recorded_referrals
from shared.domain.rows import Rows

__all__ = ["InboxTab", "inbox_count"]

NOTICES_SHOWN = 30
WAITING_SHOWN = 10
PLACES = {
    "referral": "/postman/lead/{}",
    "harvest_date": "/postman/sale/{}",
    "care_card": "/postman/care/{}",
    "points_entry": "/points/{}",
}
NEEDING = frozenset({OutboxState.REJECTED, OutboxState.PARKED, OutboxState.DAMAGED})
WAITS_FOR_OTHERS = frozenset(
    {
        ReferralStatus.RECEIVED,
        ReferralStatus.HELD,
        ReferralStatus.UNASSIGNED,
        ReferralStatus.ROUTED,
    }
)


def inbox_count(field: Field) -> int:
    """Return how many things need this person: refused records and cards that are due."""
    due = follow_ups_due(field.world, field.me.id, field.today())
    return field.status.needs_me + len(due)


@screen
def InboxTab() -> ft.Control:
    """List what needs this person first, then what waits for others, then the news."""
    app, words, rows = use_app(), use_words(), use_world()
    today = app.field.today()
    needing = _needing(app)
    due = follow_ups_due(rows, app.field.me.id, today)
    mine = recorded_referrals(rows, app.field.me.id)
    waiting = [one for one in mine if one.status in WAITS_FOR_OTHERS]
    notices = sorted(
        rows.where(Notice, for_id=app.field.me.id), key=lambda one: one.at, reverse=True
    )
    if not (needing or due or waiting or notices):
        return page_body(
            [
                empty_state(
                    words("inbox.empty"),
                    detail=words("inbox.empty_detail"),
                    icon=ft.Icons.DONE_ALL,
                )
            ]
        )
    return page_body(
        [
            *_group(words("inbox.needs_me"), [_needing_card(app, op, words) for op in needing]),
            *_group(words("inbox.due"), [care_row(app, rows, one, today, words) for one in due]),
            *_group(
                words("inbox.waiting"),
                [_lead(app, rows, one, words) for one in waiting[:WAITING_SHOWN]],
            ),
            *_group(
                words("inbox.news"),
                [_notice(app, one, words) for one in notices[:NOTICES_SHOWN]],
            ),
            ft.Container(height=GAP_S),
        ]
    )


def _needing(app: App) -> list[OutboxItem]:
    """Return what nobody has looked at yet; the engine counts the same."""
    return [op for op in app.field.outbox() if op.state in NEEDING and not op.is_seen]


def _group(title: str, rows: list[ft.Control]) -> list[ft.Control]:
    return [section(title, *rows)] if rows else []


def _needing_card(app: App, op: OutboxItem, words: Words) -> ft.Control:
    return refusal_card(app, op, words)


def _lead(app: App, rows: Rows, referral: Referral, words: Words) -> ft.Control:
    ops = [op for op in app.field.ops_about(referral.id) if op.name == "submit_referral"]
    return lead_row(app, rows, referral, ops[0] if ops else None, words)


def _notice(app: App, notice: Notice, words: Words) -> ft.Control:
    said = said_notice(app.field.world, notice, words)
    when = clock(notice.at, app.field.now(), words)
    place = PLACES.get(notice.object_table)

    async def open_object() -> None:
        if place is not None:
            app.navigation.open(place.format(notice.object_id))
        if notice.seen_at is None:
            await app.field.record("see_notice", SeeNotice(ids=(notice.id,)))

    about = row_about(app.field.world, notice.object_id, words)
    return tap_card(
        strong(said),
        note(about) if about else None,
        ft.Row(
            [
                note(when),
                *([badge(words("inbox.new"), "harvest")] if notice.seen_at is None else []),
            ],
            spacing=GAP_S,
        ),
        on_click=open_object,
        key=notice.id,
    )
