"""The frame around every screen: where one is, how the sync stands, and the way elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import flet as ft

from client.components.buttons import icon_button
from client.components.first_sync import FirstSync
from client.components.installation import NewsBanner, StorageBanner
from client.components.pause_banner import PauseBanner
from client.components.sync_chip import SyncChip
from client.components.text import title
from client.design import CARD, GAP_S, LINE_SOFT, PAPER
from client.state import App
from client.strings import Words
from client.views.registry import Place, resolve, workplaces_of
from client.views.shell_navigation import Rail, RoleChoice, TabBar
from client.views.workplace import Tab, Workplace

__all__ = ["shell_views"]

BAR_HEIGHT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What all the views of one moment have in common; `tab` is the one that they stand on."""

    app: App
    words: Words
    workplaces: Sequence[Workplace]
    workplace: Workplace
    tab: Tab | None


def shell_views(app: App, words: Words) -> list[ft.View]:
    """Return a view for each location that is open, the last on top."""
    workplaces = workplaces_of(app.field.me.roles)
    chosen = [one for one in workplaces if one.role is app.navigation.role]
    workplace = chosen[0] if chosen else workplaces[0]
    start = Place(workplace.tabs[0].title, workplace.tabs[0].build, tab=workplace.tabs[0])
    # What is nowhere is the start, or a location of an older version or of another role.
    stack = app.navigation.stack
    places = [resolve(where, workplaces) or start for where in stack]
    shell = Shell(
        app=app, words=words, workplaces=workplaces, workplace=workplace, tab=places[0].tab
    )
    return [
        ft.View(
            route=where if depth else "/",
            can_pop=depth > 0,
            padding=0,
            spacing=0,
            bgcolor=PAPER,
            controls=[ft.SafeArea(_frame(shell, place, where, depth), expand=True)],
        )
        for depth, (where, place) in enumerate(zip(stack, places, strict=True))
    ]


def _frame(shell: Shell, place: Place, where: str, depth: int) -> ft.Control:
    wide = shell.app.look.wide
    column: list[ft.Control] = [
        _top_bar(shell, place, depth),
        PauseBanner(),
        StorageBanner(),
        FirstSync(),
        *([] if depth else [NewsBanner()]),
        # Another location is another component: nothing typed for one object reaches the next.
        ft.Container(place.build(**place.parameters, key=where), expand=True),
    ]
    if not wide and depth == 0:
        if len(shell.workplaces) > 1:
            column.insert(1, RoleChoice(shell.workplaces, shell.workplace))
        column.append(TabBar(shell.workplace, place.tab))
    content = ft.Column(
        column,
        spacing=0,
        expand=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
    if not wide:
        return content
    return ft.Row(
        [Rail(shell.workplaces, shell.tab), content],
        spacing=0,
        expand=True,
        vertical_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _top_bar(shell: Shell, place: Place, depth: int) -> ft.Control:
    app, words = shell.app, shell.words
    parts: list[ft.Control] = [
        icon_button(ft.Icons.ARROW_BACK, words("shell.back"), app.navigation.back)
        if depth
        else ft.Container(width=GAP_S),
        ft.Semantics(header=True, content=title(words(place.title)), expand=True),
        SyncChip(),
    ]
    if not depth and not app.look.wide:
        parts.append(
            icon_button(
                ft.Icons.PERSON_OUTLINE,
                words("settings.title"),
                lambda: app.navigation.open("/settings"),
            )
        )
    return ft.Container(
        ft.Row(parts, spacing=GAP_S, vertical_alignment=ft.CrossAxisAlignment.CENTER),
        padding=ft.Padding.symmetric(horizontal=GAP_S),
        height=BAR_HEIGHT,
        bgcolor=CARD,
        border=ft.Border.only(bottom=ft.BorderSide(1, LINE_SOFT)),
    )
