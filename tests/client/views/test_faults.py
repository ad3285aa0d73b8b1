"""Every handler of every screen fails on purpose once: no error card, nothing typed is lost."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import flet as ft
import pytest
from flet.messaging.protocol import Message, MessageAction

from client.app import main
from client.status import FieldState
from shared.domain.people import Role
from tests.client.views.demo_rows import postman_field
from tests.client.views.every_screen import DOORS, EVERY_SCREEN, field_of, open_at
from tests.client.views.fake_field import CODE, PIN, FakeField
from tests.client.views.harness import FakeConnection, Screen
from tests.client.views.test_doors import key_in

TYPED = "欧阳𠮷 1990001234"
PRIVATE = ("欧阳𠮷", "1990001234", "disk on fire", CODE, PIN)
# What a screen may ask for, each of which may fail: storage, keys, the network, the browser.
FALLIBLE = (
    "record", "sync_now", "acknowledge", "lock", "change_pin", "enrol", "set_pin", "unlock",
    "forget_pin",
)  # fmt: skip
FALLIBLE_PARTS = {
    "drafts": ("keep", "discard"),
    "files": (
        "attach_photo", "start_recording", "keep_recording", "drop_recording", "content", "play",
        "remove",
    ),
    "hand_over": ("export", "note_exported", "take", "answer", "note_handed_back", "drop"),
    "installation": ("look", "install", "dismiss_news"),
}  # fmt: skip


class Copying(FakeConnection):
    """Notes what is put on the clipboard."""

    copied: list[str]

    def send_message(self, message: Message) -> None:
        if message.action == MessageAction.INVOKE_METHOD and message.body.name == "set":
            self.copied.append(str(message.body.args))
        super().send_message(message)


def fail(*_: object, **__: object) -> Any:
    raise OSError("disk on fire")


def break_all(field: FakeField, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have everything fail that a screen can ask of the phone."""
    for name in FALLIBLE:
        monkeypatch.setattr(field, name, fail)
    for part, names in FALLIBLE_PARTS.items():
        for name in names:
            monkeypatch.setattr(getattr(field, part), name, fail)


def handlers_of(screen: Screen) -> list[tuple[Any, str]]:
    """Return every control that is touched with each event that it listens to, in their order."""
    return [
        (control, entry.name.removeprefix("on_"))
        for control in screen.top()
        if control is not screen.page and not getattr(control, "disabled", False)
        for entry in dataclasses.fields(control)
        if entry.name.startswith("on_") and callable(getattr(control, entry.name, None))
    ]


async def fire_and_look(screen: Screen, control: Any, event: str) -> None:
    """Let something happen to a control; nothing is torn down, and what was typed stays."""
    if isinstance(control, ft.TextField) and event == "change":
        screen.session.apply_patch(control._i, {"value": TYPED})
    await screen.fire(control, event, TYPED if event == "change" else None)
    assert screen.conn.crashes == [], (type(control), event)
    assert not screen.shows(screen.app.words("error.screen")), (type(control), event)
    if isinstance(control, ft.TextField) and event == "change":
        kept = [one.value for one in screen.all(ft.TextField) if one.value]
        # A field for numbers keeps the digits of it; one for codes, what codes are made of.
        assert any(value in TYPED for value in kept), control.label
    said = [str(one.value) for one in screen.walk(screen.page._dialogs) if isinstance(one, ft.Text)]
    assert not any(word in text for text in said for word in PRIVATE), said


@pytest.mark.parametrize(("role", "where"), EVERY_SCREEN, ids=str)
def test_every_handler_of_every_screen_may_fail(
    role: Role, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Goal: whatever breaks under a screen, the person reads it and goes on where they were.

    Method: fill in every text field, then fire each handler of the screen as it was opened, while
    all that it can ask of the phone raises what nobody foresaw.
    """

    async def story() -> None:
        field = field_of(role)
        screen = await open_at(field, role, where)
        assert not screen.shows(screen.app.words("error.screen")), where
        break_all(field, monkeypatch)
        for number in range(len(handlers_of(screen))):
            if screen.app.navigation.location != where:
                screen.app.navigation.open(where)
                await screen.settle()
            handlers = handlers_of(screen)
            if number >= len(handlers):
                break
            await fire_and_look(screen, *handlers[number])
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize("door", DOORS)
def test_every_handler_before_the_unlock_may_fail(
    door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        make, route = DOORS[door]
        field = make()
        screen = await Screen().open(field, route=route)
        break_all(field, monkeypatch)
        monkeypatch.setattr(field, "load", fail)
        for number in range(len(handlers_of(screen))):
            handlers = handlers_of(screen)
            if number >= len(handlers):
                break
            await fire_and_look(screen, *handlers[number])
        await screen.close()

    asyncio.run(story())


def test_failed_enrolment_keeps_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.NOT_ENROLLED)
        screen = await Screen().open(field, route=f"/enrol={CODE}")
        with monkeypatch.context() as patch:
            patch.setattr(field, "enrol", fail)
            await screen.tap("开始使用")
            assert screen.shows("出了点问题")
        await screen.tap("开始使用")
        assert screen.shows("设一个 6 位 PIN")
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("state", "fallible", "times"),
    [(FieldState.PIN_NEEDED, "set_pin", 2), (FieldState.LOCKED, "unlock", 1)],
    ids=str,
)
def test_pad_takes_the_pin_again_after_a_fault(
    state: FieldState, fallible: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pad that stays full takes no further key: the person would stand before it for ever."""

    async def story() -> None:
        field = postman_field(state=state)
        screen = await Screen().open(field)
        with monkeypatch.context() as patch:
            patch.setattr(field, fallible, fail)
            for _ in range(times):
                await key_in(screen, PIN)
            assert screen.shows("出了点问题")
        await key_in(screen, PIN)
        assert screen.shows("今天的村")
        await screen.close()

    asyncio.run(story())


def test_pin_is_changed_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route="/settings")
        await screen.tap("改 PIN")
        with monkeypatch.context() as patch:
            patch.setattr(field, "change_pin", fail)
            for pin in (PIN, "246803", "246803"):
                await key_in(screen, pin)
            assert screen.shows("出了点问题")
        await key_in(screen, "246803")
        assert screen.shows("PIN 已改好")
        await screen.close()

    asyncio.run(story())


def test_clock_that_fails_beside_the_pad_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The countdown after wrong PINs runs beside the screen: Flet answers its faults like all."""

    async def story() -> None:
        field = postman_field(state=FieldState.LOCKED)
        waits = iter([30, 30])

        def wait_s() -> int:
            return next(waits, None) or fail()

        monkeypatch.setattr(field, "pin_wait_s", wait_s)
        screen = await Screen().open(field)
        await screen.settle(40)
        assert screen.conn.crashes == []
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize("fallible", ["start", "foreground"])
def test_work_that_does_not_begin_is_told(fallible: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        field = postman_field()
        monkeypatch.setattr(field, fallible, fail)
        screen = await Screen().open(field)
        if fallible == "foreground":
            await screen.fire(screen.page, "app_lifecycle_state_change", {"state": "resume"})
        assert screen.shows("今天的村")
        assert screen.shows("出了点问题")
        assert screen.conn.crashes == []
        await screen.close()

    asyncio.run(story())


def test_screens_that_cannot_be_drawn_at_all_leave_a_way_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.LOCKED)
        screen = await Screen().open(field)
        with monkeypatch.context() as patch:
            patch.setattr("client.views.root.shell_views", fail)
            await key_in(screen, PIN)
            assert screen.shows("这一页显示不出来")
        await screen.tap("再试一次")
        assert screen.shows("今天的村")
        assert screen.conn.crashes == []
        await screen.close()

    asyncio.run(story())


def test_report_for_support_says_where_and_never_about_whom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        Copying.copied = []
        field = postman_field()
        screen = Screen()
        screen.connect = Copying
        await screen.open(field)
        for text in ("记线索", "存款", "很高"):
            await screen.tap(text)
        await screen.type("称呼或姓名", TYPED)

        def break_down(*_: object, **__: object) -> None:
            try:
                fail()
            except OSError as error:
                raise RuntimeError(f"could not keep {TYPED}") from error

        monkeypatch.setattr(field, "record", break_down)
        await screen.tap("客户已同意，保存")
        await screen.tap("复制报错")
        (report,) = Copying.copied
        for part in ("RuntimeError", "OSError", "break_down", "leads.py", "lead_form.py"):
            assert part in report
        assert not any(word in report for word in (*PRIVATE, TYPED, field.me.name))
        assert field.me.number not in report
        assert screen.shows("报错已复制")
        (name,) = screen.all(ft.TextField, label="称呼或姓名")
        assert name.value == TYPED
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize("at", ["screen", "device"])
def test_report_is_offered_where_nothing_can_be_shown(
    at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        Copying.copied = []
        screen = Screen()
        screen.connect = Copying
        await screen.open(postman_field())
        if at == "screen":
            monkeypatch.setattr(screen.app.field, "points", fail)
            screen.app.navigation.switch("/postman/points")
        else:

            async def open_device() -> None:
                fail()

            monkeypatch.setattr("client.app.open_device", open_device)
            await main(screen.page)
        await screen.settle()
        await screen.tap("复制报错")
        (report,) = Copying.copied
        assert "OSError" in report
        assert "disk on fire" not in report
        assert screen.shows("报错已复制")
        assert screen.conn.crashes == []
        await screen.close()

    asyncio.run(story())
