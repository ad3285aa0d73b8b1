"""The way elsewhere: a bar at the bottom on a phone, a rail at the side on a desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flet as ft

from client.components.chips import Option, choice_chips
from client.components.guard import guarded
from client.components.screen import part
from client.components.text import heading, note, strong
from client.design import (
    CARD,
    GAP,
    GAP_L,
    GAP_S,
    INK,
    INK_SOFT,
    LEAF,
    LINE_SOFT,
    RADIUS,
    TARGET,
    TONES,
    WARN,
)
from client.state import App, use_app, use_words, use_world
from client.views.workplace import Tab, Workplace

__all__ = ["Rail", "RoleChoice", "TabBar"]

RAIL_WIDTH = 216
COUNT_MAX = 99


@part
def TabBar(workplace: Workplace, chosen: Tab | None) -> ft.Control:
    """Show a role's tabs at the bottom of a phone."""
    app, words = use_app(), use_words()
    look, _ = ft.use_state(app.look)
    use_world()
    tabs = workplace.tabs

    def switch(event: Any) -> None:
        app.navigation.switch(tabs[int(event.control.selected_index)].path)

    return ft.Container(
        ft.NavigationBar(
            selected_index=tabs.index(chosen) if chosen in tabs else 0,
            bgcolor=CARD,
            elevation=0,
            indicator_color=TONES["good"].ground,
            height=76,
            animation_duration=0 if look.still else None,
            on_change=guarded(switch),
            destinations=[
                ft.NavigationBarDestination(
                    icon=_icon(app, tab, tab.icon, INK_SOFT),
                    selected_icon=_icon(app, tab, tab.icon_chosen, TONES["good"].ink),
                    label=words(tab.title),
                )
                for tab in tabs
            ],
        ),
        border=ft.Border.only(top=ft.BorderSide(1, LINE_SOFT)),
    )


@part
def RoleChoice(workplaces: Sequence[Workplace], chosen: Workplace) -> ft.Control:
    """Let somebody of several roles change between them, on a phone."""
    app, words = use_app(), use_words()
    mine = app.field.me.roles

    def choose(workplace: Workplace) -> None:
        app.navigation.role = workplace.role
        app.navigation.switch(workplace.tabs[0].path)

    return ft.Container(
        choice_chips(
            [Option(one, words.name(one.post_of(mine) or one.role)) for one in workplaces],
            chosen,
            choose,
            name=words("shell.roles"),
        ),
        padding=ft.Padding.symmetric(horizontal=GAP_L, vertical=GAP_S),
        bgcolor=CARD,
    )


@part
def Rail(workplaces: Sequence[Workplace], chosen: Tab | None) -> ft.Control:
    """Show the tabs of all roles at the side of a desk."""
    app, words = use_app(), use_words()
    use_world()
    me = app.field.me
    items: list[ft.Control] = [_brand(words("app.name"), words("app.motto"))]
    for workplace in workplaces:
        if len(workplaces) > 1:
            items.append(
                ft.Container(
                    note(words.name(workplace.post_of(me.roles) or workplace.role)),
                    padding=ft.Padding.only(left=GAP_L, top=GAP_L),
                )
            )
        items.extend(
            _rail_item(app, workplace, tab, words(tab.title), is_chosen=tab is chosen)
            for tab in workplace.tabs
        )
    return ft.Container(
        ft.Column(
            [
                ft.Column(items, spacing=4, expand=True, scroll=ft.ScrollMode.AUTO),
                _person(app, me.name, words("settings.title")),
            ],
            spacing=GAP_S,
        ),
        width=RAIL_WIDTH,
        bgcolor=CARD,
        padding=GAP_S,
        border=ft.Border.only(right=ft.BorderSide(1, LINE_SOFT)),
    )


def _brand(name: str, motto: str) -> ft.Control:
    return ft.Container(
        ft.Row(
            [
                ft.Container(
                    ft.Icon(ft.Icons.SPA, color=ft.Colors.ON_PRIMARY, size=22),
                    bgcolor=LEAF,
                    border_radius=RADIUS,
                    width=40,
                    height=40,
                    alignment=ft.Alignment.CENTER,
                ),
                ft.Column([heading(name), note(motto)], spacing=0, tight=True, expand=True),
            ],
            spacing=GAP,
        ),
        padding=GAP_S,
    )


def _rail_item(
    app: App, workplace: Workplace, tab: Tab, label: str, *, is_chosen: bool
) -> ft.Control:
    count = tab.count(app) if tab.count else 0

    def switch() -> None:
        app.navigation.role = workplace.role
        app.navigation.switch(tab.path)

    ink = TONES["good"].ink if is_chosen else INK
    parts: list[ft.Control] = [
        ft.Icon(tab.icon_chosen if is_chosen else tab.icon, color=ink, size=22),
        strong(label, color=ink, max_lines=1, expand=True),
    ]
    if count:
        parts.append(_count(count))
    return ft.Semantics(
        button=True,
        selected=is_chosen,
        content=ft.Container(
            ft.Row(parts, spacing=GAP),
            on_click=guarded(switch),
            ink=True,
            bgcolor=TONES["good"].ground if is_chosen else None,
            border_radius=RADIUS,
            padding=ft.Padding.symmetric(horizontal=GAP),
            height=TARGET,
        ),
    )


def _person(app: App, name: str, label: str) -> ft.Control:
    return ft.Semantics(
        button=True,
        content=ft.Container(
            ft.Row(
                [
                    ft.Icon(ft.Icons.PERSON_OUTLINE, color=INK_SOFT, size=22),
                    ft.Column(
                        [strong(name, max_lines=1), note(label)],
                        spacing=0,
                        tight=True,
                        expand=True,
                    ),
                ],
                spacing=GAP,
            ),
            on_click=guarded(lambda: app.navigation.open("/settings")),
            ink=True,
            border_radius=RADIUS,
            padding=ft.Padding.symmetric(horizontal=GAP, vertical=GAP_S),
        ),
    )


def _icon(app: App, tab: Tab, icon: ft.IconData, color: ft.ColorValue) -> ft.Control:
    count = tab.count(app) if tab.count else 0
    badge = (
        ft.Badge(label=_shown(count), bgcolor=WARN, text_color=ft.Colors.ON_ERROR)
        if count
        else None
    )
    return ft.Icon(icon, color=color, size=26, badge=badge)


def _count(count: int) -> ft.Control:
    return ft.Container(
        ft.Text(
            _shown(count),
            theme_style=ft.TextThemeStyle.LABEL_MEDIUM,
            color=ft.Colors.ON_ERROR,
        ),
        bgcolor=WARN,
        border_radius=RADIUS,
        padding=ft.Padding.symmetric(horizontal=8, vertical=2),
    )


def _shown(count: int) -> str:
    return str(count) if count <= COUNT_MAX else f"{COUNT_MAX}+"
