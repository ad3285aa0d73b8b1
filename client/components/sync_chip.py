"""The small honest indicator: what waits on this phone, and what needs a look."""

from __future__ import annotations

import flet as ft

from client.components.first_sync import has_synced
from client.components.guard import guarded
from client.components.screen import part
from client.components.text import note
from client.components.when import ago
from client.design import GAP, INK_SOFT, RADIUS, TARGET, TONES
from client.state import use_app, use_words, use_world
from client.status import Phase, SyncStatus
from client.strings import Words

__all__ = ["SyncChip", "sync_words"]


@part
def SyncChip() -> ft.Control:
    """Show how the sync stands, on every screen; a tap opens the page behind it."""
    app, words, rows = use_app(), use_words(), use_world()
    sync, _ = ft.use_state(app.sync)
    is_first = not has_synced(rows, app.field.me.outlet_id)
    text, tone, icon = sync_words(sync.status, words, is_first=is_first)
    if sync.status.waiting == 0 and sync.status.last_contact_at and tone == "good":
        text = words("sync.chip.at", when=ago(sync.status.last_contact_at, app.field.now(), words))
    is_quiet = tone == "good"  # All is well: nothing for the eye to stumble over.
    ink = INK_SOFT if is_quiet else TONES[tone].ink
    return ft.Semantics(
        button=True,
        live_region=True,
        content=ft.Container(
            ft.Row(
                [ft.Icon(icon, size=18, color=ink), note(text, color=ink, max_lines=1)],
                spacing=6,
                tight=True,
            ),
            on_click=guarded(lambda: app.navigation.open("/sync")),
            ink=True,
            tooltip=words("sync.open"),
            bgcolor=None if is_quiet else TONES[tone].ground,
            border_radius=RADIUS,
            padding=ft.Padding.symmetric(horizontal=GAP),
            height=TARGET,
        ),
    )


def sync_words(
    status: SyncStatus, words: Words, *, is_first: bool = False
) -> tuple[str, str, ft.IconData]:
    """Return the sync's state in a few words, with its tone and icon; the worst comes first.

    While *is_first*, nothing has come down yet, though the server may have been heard of.
    """
    if status.pause_slug is not None:
        return words("sync.chip.paused"), "bad", ft.Icons.PAUSE_CIRCLE_OUTLINE
    if status.needs_me:
        return words("sync.chip.needs_me", n=status.needs_me), "bad", ft.Icons.PRIORITY_HIGH
    if status.waiting or status.files_waiting:
        key, n = "sync.chip.waiting", status.waiting
        if not n:  # Records first: they are what a wage hangs on.
            key, n = "sync.chip.files", status.files_waiting
        return words(key, n=n), "wait", ft.Icons.PHONE_ANDROID
    if status.last_contact_at is None:
        return words("sync.chip.never"), "wait", ft.Icons.CLOUD_OFF_OUTLINED
    if status.phase is Phase.OFFLINE:
        return words("sync.chip.offline"), "plain", ft.Icons.CLOUD_OFF_OUTLINED
    return (
        (words("sync.chip.first"), "wait", ft.Icons.CLOUD_DOWNLOAD_OUTLINED)
        if is_first
        else (words("sync.chip.done"), "good", ft.Icons.CLOUD_DONE_OUTLINED)
    )
