"""The app put together: this device's ports, the engine on them, the screens on top."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import flet as ft

from client import design
from client.components.guard import (
    guarded,
    guarded_work,
    install_report,
    log_failure,
    spawn,
)
from client.components.keyboard import listen_to_keys
from client.components.support import copy_report
from client.device import StorageFullError, StorageRefusedError
from client.engine import Field
from client.failures import said
from client.link import enrolment_code
from client.ports import FirstPad, NoFirstPad
from client.state import App, Lighting
from client.state import Field as FieldPort
from client.status import FieldState
from client.strings import Language, Words
from client.toast import Toaster
from client.views.broken import Broken
from client.views.registry import resolve, workplaces_of
from client.views.root import Root
from shared.canonical import Json
from shared.domain.refusals import RefusedError

if sys.platform == "emscripten":
    from client.device.browser import open_device
    from client.device.browser_page import BrowserFirstPad as OwnFirstPad
else:
    from client.device.native import open_device
    from client.ports import NoFirstPad as OwnFirstPad

__all__ = ["main", "show"]

LOOK_DRAFT = "look"
LOCALES = {Language.CHINESE: ft.Locale("zh", "CN"), Language.ENGLISH: ft.Locale("en", "US")}


async def main(page: ft.Page) -> None:
    """Show the app on *page*; if this device can't hold it, say so."""
    pad = OwnFirstPad()
    try:
        field = Field(await open_device())
    except (StorageFullError, StorageRefusedError) as error:
        log_failure(error)
        cause = "storage-full" if isinstance(error, StorageFullError) else "storage-refused"
        page.render_views(Broken, Words(Language.CHINESE), error, cause)
        await pad.away()
        return
    except Exception as error:  # noqa: BLE001 - before the guard there is only Flet's error card.
        log_failure(error)
        page.render_views(Broken, Words(Language.CHINESE), error)
        await pad.away()
        return
    await show(page, field, pad)


async def show(page: ft.Page, field: FieldPort, pad: FirstPad | None = None) -> App:
    """Show the records of *field* on *page*; return when the first screen stands.

    *pad* takes a PIN meanwhile; the screen that asks for it takes it from there.
    """
    app = App(
        field=field,
        first_pad=pad or NoFirstPad(),
        tell=Toaster(page),
        enrolment_code=enrolment_code(page.url or "", page.route or ""),
    )
    install_report(page, lambda error: _tell(app, error))
    app.look.measure(page.width)
    _dress(page, app)
    changed = _listen(page, app)
    listen_to_keys(page)
    page.render_views(Root, app)
    try:
        await field.load()
    except Exception as error:  # noqa: BLE001 - likewise.
        log_failure(error)
        page.render_views(Broken, app.words, error)
        await app.first_pad.away()
        return app
    # The screens stand: what fails from here on is told over them.
    await guarded_work(changed)()
    if app.gate.state is not FieldState.LOCKED:
        await app.first_pad.away()
    await guarded_work(field.start)()
    return app


def _tell(app: App, error: Exception) -> None:
    """Say what failed; what nobody foresaw can be passed on to whoever mends it."""
    if isinstance(error, RefusedError):
        app.tell(said(error, app.words), tone="bad")
        return
    app.tell(
        said(error, app.words),
        tone="bad",
        action=app.words("error.copy"),
        on_action=lambda: copy_report(app, error),
    )


def _dress(page: ft.Page, app: App) -> None:
    """Give *page* the app's colours, type size and language, now and whenever they change."""

    def dress() -> None:
        scale = design.LARGE_TYPE if app.look.large_type else 1.0
        page.title = app.words("app.name")
        by_day = design.SUNLIGHT if app.look.lighting is Lighting.SUN else design.LIGHT
        still = app.look.still
        page.theme = design.theme(by_day, scale, still=still)
        page.dark_theme = design.theme(design.DARK, scale, still=still)
        page.theme_animation_style = ft.AnimationStyle.no_animation() if still else None
        is_night = app.look.lighting is Lighting.NIGHT
        page.theme_mode = ft.ThemeMode.DARK if is_night else ft.ThemeMode.LIGHT
        page.locale_configuration = ft.LocaleConfiguration(
            supported_locales=list(LOCALES.values()), current_locale=LOCALES[app.look.language]
        )

    def dress_again(_: object, changed: str | None) -> None:
        if changed in {"wide", "page_width"}:  # The screens' own business.
            return
        dress()
        page.update()
        if app.gate.state is FieldState.OPEN:
            _keep_look(app)

    dress()
    app.keep(dress_again, app.look.subscribe)


def _keep_look(app: App) -> None:
    """Keep how the app looks and speaks, among the drafts: small, sealed, this person's."""
    look = app.look
    values: dict[str, Json] = {
        "language": look.language.value,
        "large_type": look.large_type,
        "lighting": look.lighting.value,
        "still": look.still,
    }
    app.field.drafts.keep(LOOK_DRAFT, values)


def _restore_look(app: App) -> None:
    kept = app.field.drafts.get(LOOK_DRAFT)
    if kept is None:
        return
    language = kept.values.get("language")
    if language in {one.value for one in Language}:
        app.look.language = Language(language)
    app.look.large_type = kept.values.get("large_type") is True
    app.look.still = kept.values.get("still") is True
    lighting = kept.values.get("lighting")
    if lighting in {one.value for one in Lighting}:
        app.look.lighting = Lighting(lighting)


def _listen(page: ft.Page, app: App) -> Callable[[], None]:
    """Pass on what happens to the page, and the engine's news; return what takes those over."""

    def resized(event: Any) -> None:
        app.look.measure(event.width)

    def came(event: Any) -> None:
        if event.state in {ft.AppLifecycleState.RESUME, ft.AppLifecycleState.SHOW}:
            app.field.foreground()

    def changed() -> None:
        closed = app.gate.state is not FieldState.OPEN
        app.refresh()
        if closed and app.gate.state is FieldState.OPEN:
            _restore_look(app)
            _go(opened_at, app)

    page.on_resize = guarded(resized)
    page.on_app_lifecycle_state_change = guarded(came)
    opened_at = page.route or "/"
    _follow_routes(page, app)
    app.keep(changed, app.field.subscribe)
    return changed


def _go(where: str, app: App) -> None:
    """Show what an address names: after a reload in a form, or by the browser's own buttons."""
    place = resolve(where, workplaces_of(app.field.me.roles))
    if place is not None and place.tab is None:
        app.navigation.open(where)
    elif place is not None:
        app.navigation.switch(where)


def _follow_routes(page: ft.Page, app: App) -> None:
    """Keep the browser's address and its way back together with what is shown."""
    navigation = app.navigation
    asked: list[str] = []

    async def follow() -> None:
        if page.route != navigation.location:
            asked.append(navigation.location)
            await page.push_route(navigation.location)

    def routed(event: Any) -> None:
        if event.route in asked:  # Our own doing, told back; the person may be further already.
            asked.remove(event.route)
        elif event.route in navigation.stack:
            navigation.open(event.route)
        elif app.gate.state is FieldState.OPEN:
            _go(event.route, app)

    def moved(*_: object) -> None:
        spawn(page, follow)

    page.on_route_change = guarded(routed)
    page.on_view_pop = guarded(navigation.back)
    app.keep(moved, navigation.subscribe)
