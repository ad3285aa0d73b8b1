"""The PIN: chosen once after the enrolment, asked for at every start, network or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import flet as ft

from client.components.buttons import quiet_button, secondary_button
from client.components.cards import banner, banner_room
from client.components.door import door
from client.components.guard import guarded_work
from client.components.pin_pad import PIN_LENGTH, PinPad
from client.components.text import note
from client.state import App, use_app, use_made, use_words
from client.strings import Words
from client.views.enrol import EnrolScreen
from client.views.workplace import screen
from shared.domain.refusals import RefusedError

__all__ = ["ChangePinScreen", "ChoosePinScreen", "UnlockScreen"]

NO_REFUSAL = cast("RefusedError | None", None)


@screen
def ChoosePinScreen() -> ft.Control:
    """Let a PIN be chosen, typed twice."""
    app, words = use_app(), use_words()
    first, set_first = ft.use_state("")
    pin, set_pin = ft.use_state("")
    differs, set_differs = ft.use_state(False)
    is_busy, set_busy = ft.use_state(False)

    async def take(typed: str) -> None:
        set_pin(typed)
        set_differs(False)
        if len(typed) < PIN_LENGTH:
            return
        if not first:
            set_first(typed)
            set_pin("")
        elif typed != first:
            set_first("")
            set_pin("")
            set_differs(True)
        else:
            set_busy(True)
            try:
                await app.field.set_pin(typed)
            finally:
                # Whatever failed: a pad that is full would take no further key.
                set_pin("")
                set_busy(False)

    return door(
        words,
        words("pin.again" if first else "pin.choose"),
        _above_the_pad(words("pin.differs") if differs else ""),
        PinPad(words, pin, take, is_busy=is_busy),
        note(words("pin.choose_help")),
        explanation=words("pin.choose_explanation"),
    )


@screen
def UnlockScreen() -> ft.Control:
    """Ask for the PIN."""
    app, words = use_app(), use_words()
    pin, set_pin = ft.use_state("")
    refusal, set_refusal = ft.use_state(NO_REFUSAL)
    is_busy, set_busy = ft.use_state(False)
    wait_s, set_wait_s = use_made(app.field.pin_wait_s)
    has_code, set_has_code = ft.use_state(False)

    async def count_down() -> None:
        while (left := app.field.pin_wait_s()) > 0:
            set_wait_s(left)
            await asyncio.sleep(1)
        set_wait_s(0)

    ft.use_effect(guarded_work(count_down), [wait_s > 0])

    async def take(typed: str) -> None:
        set_pin(typed)
        if typed:
            set_refusal(NO_REFUSAL)
        if len(typed) < PIN_LENGTH or wait_s:
            return
        set_busy(True)
        try:
            await app.field.unlock(typed)
        except RefusedError as error:
            set_refusal(error)
            set_wait_s(app.field.pin_wait_s())
        finally:
            set_pin("")
            set_busy(False)

    _use_first_pad(app, take)
    if has_code:
        return EnrolScreen(lambda: set_has_code(False))
    if wait_s:
        problem = banner(words("pin.wait", n=wait_s), icon=ft.Icons.TIMER_OUTLINED)
    else:
        problem = _above_the_pad(words.problem(refusal.slug, refusal.facts) if refusal else "")
    return door(
        words,
        words("pin.enter"),
        problem,
        PinPad(words, pin, take, is_busy=is_busy, is_off=wait_s > 0),
        *(_without_old_pin(app, words) if app.field.may_forget_pin else ()),
        quiet_button(words("pin.has_code"), lambda: set_has_code(True)),
        note(words("pin.forgotten")),
    )


def _use_first_pad(app: App, take: Callable[[str], Awaitable[None]]) -> None:
    """Have *take* get what was typed before this screen stood; a hook."""

    async def take_over() -> None:
        typed = await app.first_pad.take()
        if typed and not app.field.pin_wait_s():
            await take(typed)

    ft.use_effect(guarded_work(take_over), [])


def _above_the_pad(problem: str) -> ft.Control:
    """Say what is wrong; without that, keep its room: no key may move under a finger."""
    if not problem:
        return banner_room()
    return banner(problem, tone="bad", icon=ft.Icons.ERROR_OUTLINE)


def _without_old_pin(app: App, words: Words) -> list[ft.Control]:
    """Offer a new PIN to a person for whom a new code vouches."""
    return [
        banner(
            words("pin.forget_ready"),
            icon=ft.Icons.INFO_OUTLINED,
            detail=words("pin.forget_warning"),
        ),
        secondary_button(words("pin.forget"), app.field.forget_pin),
    ]


@screen
def ChangePinScreen() -> ft.Control:
    """Ask for the PIN that holds, then for another one, typed twice."""
    app, words = use_app(), use_words()
    old, set_old = ft.use_state("")
    new, set_new = ft.use_state("")
    pin, set_pin = ft.use_state("")
    problem, set_problem = ft.use_state("")
    is_busy, set_busy = ft.use_state(False)

    async def change(typed: str) -> None:
        set_busy(True)
        try:
            await app.field.change_pin(old, typed)
        except RefusedError as error:
            set_problem(words.problem(error.slug, error.facts))
            set_old("")
            set_new("")
        else:
            app.navigation.back()
            app.tell(words("settings.pin_changed"), tone="good")
        finally:
            set_pin("")
            set_busy(False)

    async def take(typed: str) -> None:
        set_pin(typed)
        if typed:
            set_problem("")
        if len(typed) < PIN_LENGTH:
            return
        if old and new and typed == new:
            await change(typed)
            return
        set_pin("")
        if not old:
            set_old(typed)
        elif not new:
            set_new(typed)
        else:
            set_new("")
            set_problem(words("pin.differs"))

    asked = "pin.again" if new else ("settings.pin_new" if old else "settings.pin_old")
    return door(
        words,
        words(asked),
        _above_the_pad(problem),
        PinPad(words, pin, take, is_busy=is_busy),
    )
