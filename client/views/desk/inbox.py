"""What a desk is told: records that the server refused, cards that are due, the news."""

from __future__ import annotations

from functools import partial

import flet as ft

from client.components.buttons import secondary_button
from client.components.cards import badge, empty_state, section, tap_card
from client.components.layout import gap, page_body
from client.components.refusal import refusal_card
from client.components.text import note, strong
from client.components.when import clock
from client.design import GAP_S
from client.state import App, use_app, use_words, use_world
from client.status import OutboxItem, OutboxState
from client.strings import Words
from client.views.desk.naming import customer_name, village_name
from client.views.postman.rows import care_row
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

    groups = (
        (words("inbox.needs_me"), [refusal_card(app, op, words) for op in needing]),
        (
            words("inbox.due"),
            [care_row(app, rows, one, app.field.today(), words) for one in due],
        ),
        (
            words("inbox.news"),
            [_notice(app, rows, one, words) for one in notices[:NOTICES_MAX]],
        ),
    )
    shown: list[ft.Control] = [section(title, *found) for title, found in groups if found]
    if len(unseen_ids) > 1:
        shown.insert(
            0,
            secondary_button(
                words("news.see_all", n=len(unseen_ids)), see_all, icon=ft.Icons.DONE_ALL
            ),
        )
    return page_body([*shown, gap()])


def _needing(app: App) -> list[OutboxItem]:
    return [op for op in app.field.outbox() if op.state in NEEDING and not op.is_seen]


def _notice(app: App, rows: Rows, notice: Notice, words: Words) -> ft.Control:
    said = words.name(notice.kind)
    about = _about(rows, notice, words)
    when = clock(notice.at, app.field.now(), words)
    badges = [badge(words("inbox.new"), "harvest")] if notice.seen_at is None else []
    return tap_card(
        strong(said),
        note(about) if about else None,
        ft.Row([note(when), *badges], spacing=GAP_S),
        on_click=partial(_open, app, notice),
        name=f"{said} {about} {when}",
        key=notice.id,
    )


async def _open(app: App, notice: Notice) -> None:
    place = PLACES.get(notice.object_table)
    if notice.seen_at is None:
        await app.field.record("see_notice", SeeNotice(ids=(notice.id,)))
    if place is not None:
        app.navigation.open(place.format(notice.object_id))


def _about(rows: Rows, notice: Notice, words: Words) -> str:
    """Return whom or which village a notice is about."""
    lead = rows.get(Referral, notice.object_id)
    if lead is not None:
        return words("desk.dot").join(
            (
                customer_name(rows, lead.customer_id, words),
                village_name(rows, lead.village_id, words),
            )
        )
    place = rows.get(HarvestDate, notice.object_id) or rows.get(Visit, notice.object_id)
    return village_name(rows, place.village_id, words) if place is not None else ""
