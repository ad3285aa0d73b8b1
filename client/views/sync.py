"""The page behind the sync indicator: what waits, since when, and what to do, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import flet as ft

from client.components.buttons import primary_button
from client.components.cards import badge, banner, card, empty_state, fact, section, tap_card
from client.components.first_sync import has_synced
from client.components.installation import StorageCard
from client.components.layout import bottom_action, page_body
from client.components.sync_chip import sync_words
from client.components.text import body, note, strong
from client.components.when import clock
from client.state import App, use_app, use_words, use_world
from client.status import OutboxItem, OutboxState, Phase, SyncStatus
from client.strings import Words
from client.views.about import record_about
from client.views.hand_over import HandOverEntry
from client.views.refusal import refusal_card
from client.views.workplace import screen

__all__ = ["SyncScreen"]

SHOWN_MAX = 50
TROUBLED_MAX = 10
TROUBLED = frozenset({OutboxState.REJECTED, OutboxState.PARKED, OutboxState.DAMAGED})


@screen
def SyncScreen() -> ft.Control:
    """Say how the sync stands, and let it be started."""
    app, words = use_app(), use_words()
    use_world()
    sync, _ = ft.use_state(app.sync)
    is_busy, set_busy = ft.use_state(False)
    status = sync.status

    async def sync_now() -> None:
        set_busy(True)
        try:
            after = await app.field.sync_now()
        finally:
            set_busy(False)
        _tell_result(app, words, after)

    is_running = is_busy or status.phase is Phase.SYNCING
    items = app.field.outbox()
    waiting = [item for item in items if item.state is OutboxState.WAITING]
    troubled = [item for item in items if item.state in TROUBLED and not item.is_seen]
    return page_body(
        [
            _state_card(app, status, words),
            _problem(status, words),
            section(
                words("sync.needs_me"),
                *(refusal_card(app, item, words) for item in troubled[:TROUBLED_MAX]),
            )
            if troubled
            else None,
            HandOverEntry(),
            section(words("sync.on_phone"), *_waiting(waiting, app, words)),
            StorageCard(),
            note(words("sync.explanation_paused" if status.pause_slug else "sync.explanation")),
        ],
        footer=bottom_action(
            primary_button(
                words("sync.running" if is_running else "sync.now"),
                sync_now,
                icon=ft.Icons.SYNC,
                disabled=is_running,
                expand=True,
            )
        ),
    )


def _about(app: App, item: OutboxItem, words: Words) -> ft.Control | None:
    said = record_about(app.field.world, item, words)
    return body(said, max_lines=2) if said else None


def _tell_result(app: App, words: Words, after: SyncStatus) -> None:
    if after.phase is Phase.OFFLINE:
        app.tell(words("sync.unreachable"), tone="wait")
    elif after.pause_slug is not None:
        app.tell(words.problem(after.pause_slug), tone="bad")
    elif after.needs_me:
        app.tell(words("sync.chip.needs_me", n=after.needs_me), tone="bad")
    elif after.waiting == 0:
        app.tell(
            words("sync.finished_but_files" if after.files_waiting else "sync.finished"),
            tone="good",
        )


def _state_card(app: App, status: SyncStatus, words: Words) -> ft.Control:
    is_first = not has_synced(app.field.world, app.field.me.outlet_id)
    text, tone, icon = sync_words(status, words, is_first=is_first)
    now = app.field.now()
    facts = [fact(words("sync.waiting"), words("sync.records", n=status.waiting))]
    if status.waiting_since is not None:
        facts.append(fact(words("sync.since"), clock(status.waiting_since, now, words)))
    contact = status.last_contact_at
    facts.append(
        fact(
            words("sync.contact"),
            clock(contact, now, words) if contact else words("sync.never"),
        )
    )
    if status.phase is Phase.SYNCING and status.pages_done:
        facts.append(fact(words("sync.progress"), words("sync.pages", n=status.pages_done)))
    if status.files_waiting:
        facts.append(fact(words("sync.files"), words("sync.files_waiting", n=status.files_waiting)))
    if status.needs_me:
        facts.append(fact(words("sync.needs_me"), words("sync.records", n=status.needs_me)))
    return card(ft.Row([badge(text, tone, icon=icon)]), *facts)


def _problem(status: SyncStatus, words: Words) -> ft.Control | None:
    if status.phase is Phase.OFFLINE:
        return banner(
            words("sync.offline"),
            tone="plain",
            icon=ft.Icons.CLOUD_OFF_OUTLINED,
            detail=words("sync.offline_detail"),
        )
    if status.damaged:
        return banner(
            words("sync.damaged", n=status.damaged),
            tone="bad",
            icon=ft.Icons.REPORT_GMAILERRORRED,
            detail=words("sync.damaged_detail"),
        )
    if status.replica_rebuilt:
        return banner(words("sync.rebuilt"), icon=ft.Icons.RESTART_ALT)
    return None


def _waiting(waiting: Sequence[OutboxItem], app: App, words: Words) -> list[ft.Control]:
    if not waiting:
        return [empty_state(words("sync.nothing_waits"), icon=ft.Icons.CLOUD_DONE_OUTLINED)]
    rows: list[ft.Control] = [
        tap_card(
            strong(words(f"mutation.{item.name}")),
            _about(app, item, words),
            note(clock(item.recorded_at, app.field.now(), words)),
            on_click=partial(app.navigation.open, f"/record/{item.seq}"),
            key=str(item.seq),
        )
        for item in waiting[:SHOWN_MAX]
    ]
    if len(waiting) > SHOWN_MAX:
        rows.append(note(words("sync.and_more", n=len(waiting) - SHOWN_MAX)))
    return rows
