"""One's own page: who one is, language, type size, lock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import flet as ft

from client.components.buttons import secondary_button
from client.components.cards import card, fact, section
from client.components.chips import Option, choice_chips
from client.components.installation import InstallCard, StorageCard
from client.components.layout import page_body
from client.state import App, Lighting, Look, use_app, use_words
from client.strings import Language, Words
from client.views.workplace import screen
from shared.domain.people import Outlet

__all__ = ["SettingsScreen"]


@screen
def SettingsScreen() -> ft.Control:
    """Show who is enrolled on this phone, and how the app looks, moves and speaks."""
    app, words = use_app(), use_words()
    look, _ = ft.use_state(app.look)
    languages = [
        Option(Language.CHINESE, words("settings.chinese")),
        Option(Language.ENGLISH, words("settings.english")),
    ]
    sizes = [
        Option(value=False, label=words("settings.type_normal")),
        Option(value=True, label=words("settings.type_large")),
    ]
    motions = [
        Option(value=False, label=words("settings.motion_usual")),
        Option(value=True, label=words("settings.motion_still")),
    ]
    lights = [Option(one, words(f"settings.light_{one.value}")) for one in Lighting]
    return page_body(
        [
            _person(app, words),
            _choice(look, "language", words("settings.language"), languages),
            _choice(look, "large_type", words("settings.type"), sizes),
            _choice(look, "lighting", words("settings.light"), lights),
            _choice(look, "still", words("settings.motion"), motions),
            section(
                words("settings.safety"),
                secondary_button(
                    words("settings.pin"),
                    lambda: app.navigation.open("/settings/pin"),
                    icon=ft.Icons.PASSWORD,
                ),
                secondary_button(
                    words("settings.lock"), app.field.lock, icon=ft.Icons.LOCK_OUTLINE
                ),
            ),
            section(
                words("about.on_this_phone"),
                InstallCard(),
                StorageCard(),
                secondary_button(
                    words("about.title"),
                    lambda: app.navigation.open("/about"),
                    icon=ft.Icons.INFO_OUTLINE,
                ),
            ),
        ]
    )


def _person(app: App, words: Words) -> ft.Control:
    me = app.field.me
    outlet = app.field.world.get(Outlet, me.outlet_id)
    roles = words("list.comma").join(words.name(role) for role in me.roles)
    return section(
        words("settings.me"),
        card(
            fact(words("settings.name"), me.name),
            fact(words("settings.number"), me.number),
            fact(words("settings.outlet"), outlet.name if outlet else "—"),
            fact(words("settings.roles"), roles),
        ),
    )


def _choice(look: Look, name: str, title: str, options: Sequence[Option[Any]]) -> ft.Control:
    """Ask for one of the ways to look, kept under *name*."""
    chips = choice_chips(options, getattr(look, name), partial(setattr, look, name), name=title)
    return section(title, chips)
