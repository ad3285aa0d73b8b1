"""Enrolment and the PIN: clear words, and nothing typed is lost."""

from __future__ import annotations

import asyncio

import flet as ft
import pytest
from flet.messaging.protocol import Message

from client.app import main
from client.components.pin_pad import KEY_HEIGHT
from client.device import StorageFullError, StorageRefusedError
from client.ports import NoFirstPad
from client.status import FieldState
from shared.domain.refusals import RefusedError
from tests.client.views.demo_rows import postman_field
from tests.client.views.fake_field import CODE, PIN
from tests.client.views.harness import FakeConnection, Screen


async def key_in(screen: Screen, pin: str) -> None:
    for digit in pin:
        await screen.tap(digit)


def test_enrolment_leads_to_the_pin_and_then_to_the_round() -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.NOT_ENROLLED)
        screen = await Screen().open(field)
        await screen.type("登记码", "7k3m-9qab 2xyz")
        await screen.tap("开始使用")
        assert screen.shows("设一个 6 位 PIN")
        await key_in(screen, PIN)
        assert screen.shows("再输一次 PIN")
        await key_in(screen, PIN)
        assert screen.shows("今天的村")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_keys_are_wanted_before_the_pad_is_shown_and_none_is_lost() -> None:
    """Flutter drops the keys of a page that has not said yet that it wants them."""

    async def story() -> None:
        screen = Screen()
        sent = note_messages(screen)
        await screen.open(postman_field(state=FieldState.NOT_ENROLLED))
        await screen.type("登记码", "7k3m-9qab 2xyz")
        await screen.tap("开始使用")
        pad = next(at for at, message in enumerate(sent) if "设一个 6 位 PIN" in message)
        assert any("'on_keyboard_event', True" in message for message in sent[:pad])
        for _ in range(2):
            # All at once: faster than the pad can be drawn.
            await asyncio.gather(*(press(screen, digit) for digit in PIN))
            await screen.settle()
        assert screen.shows("今天的村")
        await press(screen, "1")  # Nobody listens any more.
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def note_messages(screen: Screen) -> list[str]:
    """Return the list to which everything that the page is told will be added."""
    sent: list[str] = []
    send = FakeConnection.send_message

    class Noting(FakeConnection):
        def send_message(self, message: Message) -> None:
            sent.append(repr(message.body))
            send(self, message)

    screen.connect = Noting
    return sent


async def press(screen: Screen, key: str) -> None:
    """Press a key of the keyboard."""
    data = {"key": key, "shift": False, "ctrl": False, "alt": False, "meta": False}
    await screen.session.dispatch_event(screen.page._i, "keyboard_event", data)


def test_enrolment_code_comes_with_the_link() -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.NOT_ENROLLED)
        screen = await Screen().open(field, route=f"/enrol={CODE}")
        await screen.tap("开始使用")
        assert screen.shows("设一个 6 位 PIN")
        await screen.close()

    asyncio.run(story())


def test_forgotten_pin_is_replaced_once_a_new_code_vouches_for_the_person() -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.LOCKED)
        screen = await Screen().open(field)
        assert not screen.shows("忘了原来的 PIN，设一个新的")
        await screen.tap("有新的登记码")
        await screen.type("登记码", CODE)
        await screen.tap("开始使用")
        assert screen.shows("输入 PIN")
        await screen.tap("忘了原来的 PIN，设一个新的")
        assert screen.shows("设一个 6 位 PIN")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("slug", "facts", "said"),
    [
        ("enrolment-code-wrong", {"tries_left": 4}, "还可以试 4 次"),
        ("enrolment-code-expired", {}, "登记码已过期"),
        ("enrolment-code-spent", {}, "向支局长要一个新的登记码"),
        ("unreachable", {}, "连不上服务器"),
    ],
)
def test_enrolment_says_what_is_wrong_and_keeps_the_code(
    slug: str, facts: dict[str, int], said: str
) -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.NOT_ENROLLED)
        screen = await Screen().open(field)
        await screen.type("登记码", "AAAA-BBBB-CCCC")
        field.failure = RefusedError(slug, **facts)
        await screen.tap("开始使用")
        assert screen.shows(said)
        (code,) = screen.all(ft.TextField, label="登记码")
        assert code.value == "AAAA-BBBB-CCCC"
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_pin_typed_differently_starts_over() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(state=FieldState.PIN_NEEDED))
        await key_in(screen, "135790")
        await key_in(screen, "135791")
        assert screen.shows("两次输入不一样")
        assert screen.shows("设一个 6 位 PIN")
        await screen.close()

    asyncio.run(story())


def test_pin_opens_the_round_without_a_network() -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.LOCKED)
        field.online = False
        screen = await Screen().open(field)
        assert not screen.shows("东坑村")
        await key_in(screen, PIN)
        assert screen.shows("东坑村")
        await screen.close()

    asyncio.run(story())


def test_wrong_pin_says_how_many_tries_are_left() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(state=FieldState.LOCKED))
        await key_in(screen, "000000")
        assert screen.shows("PIN 不对，还可以试 4 次")
        await key_in(screen, PIN)
        assert screen.shows("今天的村")
        await screen.close()

    asyncio.run(story())


def test_pin_takes_the_keys_of_a_keyboard() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(state=FieldState.LOCKED))
        for key in (*PIN[:5], "x", "Backspace", *PIN[4:]):
            event = {"key": key, "shift": False, "ctrl": False, "alt": False, "meta": False}
            await screen.fire(screen.page, "keyboard_event", event)
        assert screen.shows("今天的村")
        await screen.close()

    asyncio.run(story())


def test_keys_are_off_while_the_phone_waits_after_wrong_pins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bar that ran, and keys that looked alive, said that something was being done."""

    async def story() -> None:
        field = postman_field(state=FieldState.LOCKED)
        monkeypatch.setattr(field, "pin_wait_s", lambda: 30)
        screen = await Screen().open(field)
        assert screen.shows("请等 30 秒")
        assert screen.all(ft.ProgressBar) == []
        keys = [one for one in screen.all(ft.TextButton) if one.height == KEY_HEIGHT]
        assert len(keys) == 11
        assert all(one.disabled for one in keys)
        await screen.close()

    asyncio.run(story())


def test_app_open_in_another_window_says_so() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(state=FieldState.ELSEWHERE))
        assert screen.shows("另一个窗口")
        assert not screen.shows("还开着")
        await screen.tap("在这里打开")
        assert screen.shows("另一个窗口还开着：请先关掉它")
        await screen.close()

    asyncio.run(story())


def test_pin_is_changed_with_the_old_one() -> None:
    async def story() -> None:
        field = postman_field()
        changes: list[tuple[str, str]] = []

        async def change_pin(old: str, new: str) -> None:
            changes.append((old, new))

        field.change_pin = change_pin  # type: ignore[method-assign]
        screen = await Screen().open(field, route="/settings")
        await screen.tap("改 PIN")
        for pin in (PIN, "246802", "246803", "246802", "246802"):
            await key_in(screen, pin)
        assert changes == [(PIN, "246802")]
        assert screen.shows("PIN 已改好")
        await screen.close()

    asyncio.run(story())


def test_lock_shows_the_pin_pad_and_opens_again() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route="/settings")
        for _ in range(3):
            await screen.tap("锁上")
            assert screen.shows("输入 PIN")
            assert not screen.shows("陈大顺")
            await key_in(screen, PIN)
            assert screen.shows("锁上")
        await screen.close()

    asyncio.run(story())


def test_device_that_cannot_be_read_is_told_without_the_error_card(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.STARTING)

        async def load() -> FieldState:
            raise OSError("/private/path")

        monkeypatch.setattr(field, "load", load)
        screen = await Screen().open(field)
        assert screen.shows("打不开")
        assert screen.shows("不要卸载")
        assert not screen.shows("/private/path")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError, "打不开"),
        (StorageRefusedError, "请用普通窗口打开"),
        (StorageFullError, "请删一些照片"),
    ],
)
def test_device_that_cannot_be_opened_is_told_without_the_error_card(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], said: str
) -> None:
    async def story() -> None:
        async def open_device() -> None:
            raise error

        monkeypatch.setattr("client.app.open_device", open_device)
        screen = await Screen().open(postman_field())
        await main(screen.page)
        await screen.settle()
        assert screen.shows(said)
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


class EarlyPad(NoFirstPad):
    """The pad of the first paint, on which *typed* was typed before the screens stood."""

    def __init__(self, typed: str) -> None:
        self.typed = typed
        self.is_away = False

    async def take(self) -> str:
        typed, self.typed = self.typed, ""
        return typed

    async def away(self) -> None:
        self.is_away = True


def test_pin_typed_before_the_screens_stood_opens_them() -> None:
    async def story() -> None:
        pad = EarlyPad(PIN)
        screen = await Screen().open(postman_field(state=FieldState.LOCKED), pad=pad)
        assert screen.shows("今天的村")
        assert not pad.is_away
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_wrong_pin_typed_early_is_refused_like_any_other() -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.LOCKED)
        screen = await Screen().open(field, pad=EarlyPad("111111"))
        assert not screen.shows("今天的村")
        assert screen.all(ft.Semantics, label="已输入 0 位，共 6 位")
        await key_in(screen, PIN)
        assert screen.shows("今天的村")
        await screen.close()

    asyncio.run(story())


def test_half_a_pin_typed_early_is_gone_on_with() -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.LOCKED)
        screen = await Screen().open(field, pad=EarlyPad(PIN[:4]))
        assert screen.all(ft.Semantics, label="已输入 4 位，共 6 位")
        await key_in(screen, PIN[4:])
        assert screen.shows("今天的村")
        await screen.close()

    asyncio.run(story())


def test_nothing_typed_early_counts_while_one_has_to_wait() -> None:
    async def story() -> None:
        field = postman_field(state=FieldState.LOCKED)
        field.wait_s = 30
        screen = await Screen().open(field, pad=EarlyPad(PIN))
        assert not screen.shows("今天的村")
        assert screen.all(ft.Semantics, label="已输入 0 位，共 6 位")
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize("state", [FieldState.NOT_ENROLLED, FieldState.PIN_NEEDED])
def test_early_pad_goes_where_no_pin_is_asked_for(state: FieldState) -> None:
    async def story() -> None:
        pad = EarlyPad("123")
        screen = await Screen().open(postman_field(state=state), pad=pad)
        assert pad.is_away
        await screen.close()

    asyncio.run(story())
