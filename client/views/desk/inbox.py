"""What a desk is told: records that the server refused, cards that are due, the news."""

from __future__ import annotations

from functools import partial

import flet as ft

from client.components.buttons import quiet_button
from client.components.cards import badge, empty_state, section, tap_card
from client.components.layout import gap, page_body
from client.components.text import note, strong
from client.components.when import clock
from client.design import GAP_S
from client.state import App, use_app, use_words, use_world
from client.status import OutboxItem, OutboxState
from client.strings import Words
from client.views.about import row_about, said_notice
from client.views.postman.rows import care_row
from client.views.refusal import refusal_card
from client.views.workplace import screen
from shared.domain.care_card import CareCard
from shared.domain.harvest import HarvestDate
from shared.domain.notice import Notice, SeeNotice
from shared.domain.points import PointsEntry
from shared.domain.referral import Referral
from shared.domain.round import follow_ups_due
from shared.domain.rows import Rows
from shared.domain.visit import Visit

__all__ = ["DeskInboxTab", "unseen"]

NOTICES_MAX = 60
SEEN_MAX = 500
PLACES = {
    Referral.TABLE: "/wm/lead/{}",
    Visit.TABLE: "/wm/visit/{}",
    HarvestDate.TABLE: "/postman/sale/{}",
    CareCard.TABLE: "/postman/care/{}",
    PointsEntry.TABLE: "/points/{}",
}
NEEDING = frozenset({OutboxState.REJECTED, OutboxState.PARKED, OutboxState.DAMAGED})


def unseen(app: App) -> int:
    """Return how many things somebody has not looked at."""
    notices = app.field.world.where(Notice, for_id=app.field.me.id)
    return len(_needing(app)) + sum(notice.seen_at is None for notice in notices)


@screen
def DeskInboxTab() -> ft.Control:
    """Show what needs this person first, then the news, the newest first."""
    app, words, rows = use_app(), use_words(), use_world()
    needing = _needing(app)
    due = follow_ups_due(rows, app.field.me.id, app.field.today())
    notices = sorted(
        rows.where(Notice, for_id=app.field.me.id), key=lambda one: (one.at, one.id), reverse=True
    )
    if not (needing or due or notices):
        return page_body(
            [
                empty_state(
                    words("news.nothing"),
                    detail=words("news.nothing_detail"),
                    icon=ft.Icons.NOTIFICATIONS_NONE,
                )
            ]
        )
    unseen_ids = tuple(one.id for one in notices if one.seen_at is None)[:SEEN_MAX]

    async def see_all() -> None:
        await app.field.record("see_notice", SeeNotice(ids=unseen_ids))

    see = quiet_button(words("news.see_all", n=len(unseen_ids)), see_all, icon=ft.Icons.DONE_ALL)
    waiting = [care_row(app, rows, one, app.field.today(), words) for one in due]
    news = [_notice(app, rows, one, words) for one in notices[:NOTICES_MAX]]
    groups = (
        (words("inbox.needs_me"), [refusal_card(app, op, words) for op in needing], None),
        (words("inbox.due"), waiting, None),
        (words("inbox.news"), news, see if len(unseen_ids) > 1 else None),
    )
    shown = [section(title, *found, trailing=more) for title, found, more in groups if found]
    return page_body([*shown, gap()])


def _needing(app: App) -> list[OutboxItem]:
    return [op for op in app.field.outbox() if op.state in NEEDING and not op.is_seen]


def _notice(app: App, rows: Rows, notice: Notice, words: Words) -> ft.Control:
    said = said_notice(rows, notice, words)
    about = row_about(rows, notice.object_id, words)
    when = clock(notice.at, app.field.now(), words)
    badges = [badge(words("inbox.new"), "harvest")] if notice.seen_at is None else []
    return tap_card(
        strong(said),
        note(about) if about else None,
        ft.Row([note(when), *badges], spacing=GAP_S),
        on_click=partial(_open, app, notice),
        key=notice.id,
    )


async def _open(app: App, notice: Notice) -> None:
    place = PLACES.get(notice.object_table)
    if notice.seen_at is None:
        await app.field.record("see_notice", SeeNotice(ids=(notice.id,)))
    if place is not None:
        app.navigation.open(place.format(notice.object_id))
