"""The first screen of the county's office."""

from __future__ import annotations

import flet as ft

from client.components.cards import empty_state
from client.components.layout import page_body
from client.state import use_app, use_words
from client.views.workplace import screen
from shared.domain.people import Role

__all__ = ["HomeTab"]


@screen
def HomeTab() -> ft.Control:
    """Say what this post can't do here yet, and where it is done meanwhile."""
    app, words = use_app(), use_words()
    post = Role.ADMINISTRATOR if Role.ADMINISTRATOR in app.field.me.roles else Role.PAYROLL
    return page_body(
        [
            empty_state(
                words("office.no_screens", post=words.name(post)),
                detail=words(f"office.meanwhile.{post.value}"),
                icon=ft.Icons.CONSTRUCTION_OUTLINED,
            )
        ]
    )
