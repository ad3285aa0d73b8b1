"""The other way home on the screens: out as a file, in as a file, receipts both ways."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import flet as ft
import pytest

from client.status import CarriedState, FileTaken, HandedOver, InstallationStatus, Problem
from shared.domain.refusals import RefusedError
from tests.client.views.demo_rows import postman_field
from tests.client.views.fake_field import NOW, FakeField
from tests.client.views.fake_hand_over import carried_bundle
from tests.client.views.harness import FakeConnection, Screen

EXPORT, IMPORT_ANSWER, IMPORT_BUNDLE = "导出待上传的记录", "导入回执", "导入同事的记录包"


class Saving(FakeConnection):
    """A system whose dialog saves what it is given, or is closed by the person."""

    path: str | None = "/tmp/chosen"  # noqa: S108 - a name, nothing is written

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.saved: dict[str, bytes] = {}

    def _answer(self, call: Any) -> None:
        if call.name != "save_file":
            super()._answer(call)
            return
        if self.path:
            self.saved[call.args["file_name"]] = call.args["src_bytes"]
        self.session.handle_invoke_method_results(call.control_id, call.call_id, self.path, None)


class Cancelling(Saving):
    path = None


def story(
    field: FakeField,
    tell: Callable[[Screen], Awaitable[None]],
    *,
    at: str = "/hand-over",
    connect: type[Saving] = Saving,
) -> None:
    """Open the app of *field* at a location, and go on from there."""

    async def run() -> None:
        screen = Screen()
        screen.connect = connect
        await screen.open(field)
        screen.app.navigation.open(at)
        await screen.settle()
        await tell(screen)
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(run())


def waiting_field(count: int = 3, **hours: float) -> FakeField:
    """Return a postman with records that wait, since some hours."""
    field = postman_field()
    since = NOW - dt.timedelta(**(hours or {"hours": 1}))
    field.status = dataclasses.replace(field.status, waiting=count, waiting_since=since)
    return field


def saved_by(screen: Screen) -> dict[str, bytes]:
    assert isinstance(screen.conn, Saving)
    return screen.conn.saved


async def choose(screen: Screen, text: str, content: bytes) -> None:
    """Tap a button, and choose a file in the system's own window."""
    (button,) = screen.all(ft.OutlinedButton, content=text)
    action: Any = button.action
    assert isinstance(action, ft.PickFiles)
    assert action.args["with_data"]
    files = [{"id": 1, "name": "x.liandong", "size": len(content), "bytes": content}]
    await screen.fire(action.file_picker, "result", {"files": files})


def test_export_says_who_can_read_it_and_that_nothing_is_settled() -> None:
    field = waiting_field()

    async def tell(screen: Screen) -> None:
        assert screen.shows("文件只有服务器打得开，同事看不到内容")
        await screen.tap(EXPORT)
        assert saved_by(screen) == {"联动记录包-9F00AA.liandong": b"sealed"}
        assert screen.shows("已导出 3 条。记录还在手机里，收到回执才算上传。")
        assert field.hand_over.handed_over is not None

    story(field, tell)


def test_a_dialog_closed_without_saving_is_no_export() -> None:
    async def tell(screen: Screen) -> None:
        await screen.tap(EXPORT)
        assert screen.shows("没有保存文件，记录都还在手机里。")
        assert not screen.shows("导出过")
        await screen.tap(EXPORT)

    story(waiting_field(), tell, connect=Cancelling)


def test_what_has_no_room_in_one_file_is_said() -> None:
    field = waiting_field()
    field.hand_over.left_out = 12

    async def tell(screen: Screen) -> None:
        await screen.tap(EXPORT)
        assert screen.shows("另外 12 条放不下")

    story(field, tell)


def test_without_anything_waiting_there_is_nothing_to_export() -> None:
    async def tell(screen: Screen) -> None:
        assert screen.shows("没有待上传的记录")
        (button,) = screen.all(ft.FilledButton, content=EXPORT)
        assert button.disabled

    story(postman_field(), tell)


def test_an_earlier_export_is_shown_until_it_is_settled() -> None:
    field = waiting_field()
    field.hand_over.handed_over = HandedOver(at=NOW - dt.timedelta(minutes=20), last=3)

    async def tell(screen: Screen) -> None:
        assert screen.shows("导出过，还没收到回执。再导出一次也不会重复。")

    story(field, tell)


def test_files_that_stay_behind_are_said() -> None:
    field = waiting_field()
    field.status = dataclasses.replace(field.status, files_waiting=2)

    async def tell(screen: Screen) -> None:
        assert screen.shows("照片和语音不在文件里")

    story(field, tell)


@pytest.mark.parametrize("button", [IMPORT_ANSWER, IMPORT_BUNDLE])
@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (FileTaken(bundle=carried_bundle()), "已收下，有网络时自动上传。"),
        (FileTaken(bundle=carried_bundle(state=CarriedState.ANSWERED)), "已经在这里了"),
        (FileTaken(settled=3), "回执已核对，3 条记录已上传。"),
        (FileTaken(), "里面没有新的结果"),
        (FileTaken(problem=Problem("device-revoked")), "这台手机已被停用。"),
    ],
)
def test_either_button_takes_either_file(button: str, taken: FileTaken, said: str) -> None:
    field = postman_field()
    field.hand_over.turns_out_to_be = taken

    async def tell(screen: Screen) -> None:
        await choose(screen, button, b"a file")
        assert field.hand_over.taken == [b"a file"]
        assert screen.shows(said)

    story(field, tell)


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("bundle-unreadable", "这个文件打不开"),
        ("bundle-too-new", "新版联动"),
        ("bundle-too-large", "太大"),
        ("bundle-tray-full", "放不下了"),
        ("answer-foreign", "不是给这台手机的"),
        ("storage-full", "存储空间满了"),
    ],
)
def test_a_file_that_can_not_be_taken_is_explained(slug: str, said: str) -> None:
    field = postman_field()
    field.hand_over.failure = RefusedError(slug)

    async def tell(screen: Screen) -> None:
        await choose(screen, IMPORT_BUNDLE, b"a file")
        assert screen.shows(said)
        assert screen.shows("没有同事的记录包")

    story(field, tell)


def test_receipts_go_back_as_a_file() -> None:
    field = postman_field()
    field.hand_over.bundles = [carried_bundle(state=CarriedState.ANSWERED, has_answer=True)]

    async def tell(screen: Screen) -> None:
        assert screen.shows("已上传 · 回执待交给同事")
        await screen.tap("导出回执")
        assert saved_by(screen) == {"联动回执-AB12CD.liandong": b"sealed answer"}
        assert screen.shows("已上传 · 回执已导出")

    story(field, tell)


def test_a_bundle_that_can_not_be_used_says_why_and_can_be_deleted() -> None:
    field = postman_field()
    field.hand_over.bundles = [
        carried_bundle(state=CarriedState.REFUSED, problem=Problem("bundle-foreign"))
    ]

    async def tell(screen: Screen) -> None:
        assert screen.shows("另一个单位的服务器")
        await screen.tap("删除")
        assert field.hand_over.dropped == [], "one slip deletes nothing"
        await screen.tap("确认删除")
        assert len(field.hand_over.dropped) == 1
        assert screen.shows("没有同事的记录包")

    story(field, tell)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (waiting_field(days=3), "有记录等了 3 天还没上传"),
        (waiting_field(), "没有网络？请同事带上去"),
        (postman_field(), "没有网络？请同事带上去"),
    ],
)
def test_the_sync_page_offers_it_the_louder_the_longer_it_waits(
    field: FakeField, said: str
) -> None:
    async def tell(screen: Screen) -> None:
        assert screen.shows(said)
        await screen.tap("去导出" if "等了" in said else said)
        assert screen.app.navigation.location == "/hand-over"

    story(field, tell, at="/sync")


def test_storage_that_may_go_is_a_reason_to_export() -> None:
    field = waiting_field()
    field.installation.status = InstallationStatus(is_persistent=False)

    async def tell(screen: Screen) -> None:
        assert screen.shows("浏览器可能会清掉这里的数据")

    story(field, tell, at="/sync")


def test_the_sync_page_says_what_is_carried() -> None:
    field = postman_field()
    field.hand_over.bundles = [
        carried_bundle(),
        carried_bundle(digest="1" * 64, state=CarriedState.ANSWERED, has_answer=True),
    ]

    async def tell(screen: Screen) -> None:
        assert screen.shows("来自同事的记录包 1 个，待上传")
        assert screen.shows("1 份回执，待交给同事")

    story(field, tell, at="/sync")
