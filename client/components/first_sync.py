"""What stands on every screen until the first sync has brought something to show."""

from __future__ import annotations

import flet as ft

from client.components.cards import banner
from client.components.screen import part
from client.design import GAP, GAP_L, LEAF, LINE_SOFT
from client.state import use_app, use_words, use_world
from client.status import Phase
from shared.domain.people import Outlet
from shared.domain.rows import Rows

__all__ = ["FirstSync", "has_synced"]


def has_synced(rows: Rows, outlet_id: str) -> bool:
    """Tell whether the first sync has brought one's own outlet: all else comes with it."""
    return rows.get(Outlet, outlet_id) is not None


@part
def FirstSync() -> ft.Control:
    """Say that the records are on their way, or what they wait for; else take no room."""
    app, words, rows = use_app(), use_words(), use_world()
    sync, _ = ft.use_state(app.sync)
    if has_synced(rows, app.field.me.outlet_id):
        return ft.Container(height=0)
    status = sync.status
    is_running = status.phase is Phase.SYNCING
    if is_running:
        said = banner(
            words("first.running"),
            tone="plain",
            icon=ft.Icons.CLOUD_DOWNLOAD_OUTLINED,
            detail=words("first.pages", n=status.pages_done) if status.pages_done else "",
        )
    else:
        said = banner(
            words("first.waiting"),
            icon=ft.Icons.CLOUD_OFF_OUTLINED,
            detail=words("first.waiting_detail"),
        )
    bar = ft.ProgressBar(color=LEAF, bgcolor=LINE_SOFT, semantics_label=words("first.running"))
    return ft.Container(
        ft.Column([said, *([bar] if is_running else [])], spacing=GAP, tight=True),
        padding=ft.Padding.only(left=GAP_L, right=GAP_L, top=GAP),
    )
