"""How the app sits on this phone: room, whether it is kept, the way onto the home screen."""

from __future__ import annotations

import flet as ft

from client.components.buttons import primary_button, quiet_button
from client.components.cards import banner, card, fact
from client.components.screen import part
from client.components.text import body, note, strong
from client.design import GAP, GAP_L, TONES
from client.state import use_app, use_words
from client.status import InstallationStatus, InstallWay
from client.strings import Words

__all__ = ["InstallCard", "NewsBanner", "StorageBanner", "StorageCard"]

MB = 1_000_000
GB = 1_000 * MB


@part
def StorageBanner() -> ft.Control:
    """Say that room is running out, before and when it has; else take no room itself."""
    app, words = use_app(), use_words()
    installation, _ = ft.use_state(app.installation)
    status = installation.status
    if not status.is_low:
        return ft.Container(height=0)
    if status.is_full:
        said, detail = words("storage.full"), words("storage.full_detail")
    else:
        said = words("storage.low", left=_size(status.left_bytes, words))
        detail = words("storage.low_detail")
    return _over_the_screen(
        banner(
            said,
            tone="bad" if status.is_full else "wait",
            icon=ft.Icons.SD_CARD_ALERT_OUTLINED,
            detail=detail,
        )
    )


@part
def NewsBanner() -> ft.Control:
    """Say what an update brought, until the person has read it; else take no room."""
    app, words = use_app(), use_words()
    installation, _ = ft.use_state(app.installation)
    news = installation.status.news
    if not news:
        return ft.Container(height=0)
    return _over_the_screen(
        banner(
            words("about.updated", version=news[0]),
            tone="plain",
            icon=ft.Icons.NEW_RELEASES_OUTLINED,
            detail=words(f"release.{news[0]}"),
            actions=[
                quiet_button(
                    words("about.understood"),
                    app.field.installation.dismiss_news,
                    color=TONES["plain"].ink,
                ),
                quiet_button(
                    words("about.all_news"),
                    lambda: app.navigation.open("/about"),
                    color=TONES["plain"].ink,
                ),
            ],
        )
    )


def _over_the_screen(content: ft.Control) -> ft.Control:
    return ft.Container(content, padding=ft.Padding.only(left=GAP_L, right=GAP_L, top=GAP))


@part
def StorageCard() -> ft.Control:
    """Say how much room there is, and whether the browser has promised to keep it."""
    app, words = use_app(), use_words()
    installation, _ = ft.use_state(app.installation)
    status = installation.status
    if status.is_persistent is None:
        return ft.Container(height=0)
    return card(
        strong(words("storage.title")),
        fact(words("storage.used"), _size(status.used_bytes, words)),
        fact(words("storage.left"), _size(status.left_bytes, words))
        if status.quota_bytes
        else None,
        note(words(_promise(status))),
    )


def _promise(status: InstallationStatus) -> str:
    """Return the key of what the browser does with all this when it likes."""
    if status.is_persistent:
        return "storage.kept"
    if status.install_way is InstallWay.BY_HAND:
        return "storage.kept_seven_days"
    return "storage.not_promised"


@part
def InstallCard() -> ft.Control:
    """Offer the way onto the home screen that there is; where there is none, take no room."""
    app, words = use_app(), use_words()
    installation, _ = ft.use_state(app.installation)
    way = installation.status.install_way
    if way is InstallWay.OFFERED:
        return card(
            body(words("install.why")),
            primary_button(
                words("install.go"),
                app.field.installation.install,
                icon=ft.Icons.INSTALL_MOBILE,
            ),
        )
    if way is InstallWay.BY_HAND:
        return card(
            strong(words("install.by_hand")),
            body(words("install.by_hand_how")),
            note(words("storage.kept_seven_days")),
        )
    if way is InstallWay.INSTALLED:
        return card(body(words("install.done")))
    return ft.Container(height=0)


def _size(count: int, words: Words) -> str:
    """Return bytes as people say them: no more exact than the browser's own guess."""
    if count >= GB:
        return words("storage.gb", n=f"{count / GB:.1f}")
    return words("storage.mb", n=count // MB)
