"""What stands over every screen while the server won't talk to this phone."""

from __future__ import annotations

import flet as ft

from client.components.buttons import quiet_button
from client.components.cards import banner
from client.components.screen import part
from client.design import GAP, GAP_L, TONES
from client.state import App, use_app, use_words
from client.status import FieldState
from client.strings import Words

__all__ = ["PauseBanner"]


ENDED_BY_A_NEW_CODE = frozenset({"unauthenticated", "forked", "device-revoked"})


@part
def PauseBanner() -> ft.Control:
    """Say why the sync pauses, that nothing is lost, and what to do; else take no room."""
    app, words = use_app(), use_words()
    sync, _ = ft.use_state(app.sync)
    gate, _ = ft.use_state(app.gate)
    slug = sync.status.pause_slug
    if gate.state is FieldState.ELSEWHERE:
        slug = "open-elsewhere"
    if slug is None:
        return ft.Container(height=0)
    waiting = sync.status.waiting
    kept = words("pause.kept", n=waiting) if waiting else words("pause.kept_none")
    return ft.Container(
        banner(
            words.problem(slug),
            tone="bad",
            icon=ft.Icons.PAUSE_CIRCLE_OUTLINE,
            detail=words.joined(words.remedy(slug), kept),
            actions=[
                *_new_code(app, slug, words),
                quiet_button(
                    words("pause.more"),
                    lambda: app.navigation.open("/sync"),
                    color=TONES["bad"].ink,
                ),
            ],
        ),
        padding=ft.Padding.only(left=GAP_L, right=GAP_L, top=GAP),
    )


def _new_code(app: App, slug: str, words: Words) -> list[ft.Control]:
    if slug not in ENDED_BY_A_NEW_CODE:
        return []
    return [
        quiet_button(
            words("pause.enrol"),
            lambda: app.navigation.open("/enrol"),
            icon=ft.Icons.KEY,
            color=TONES["bad"].ink,
        )
    ]
