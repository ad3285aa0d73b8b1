"""The app's own matters on screen: room, the way onto the home screen, what an update brought."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from client.status import InstallationStatus, InstallWay
from tests.client.views.demo_rows import postman_field
from tests.client.views.harness import Screen

GB = 1_000_000_000


def with_status(status: InstallationStatus, story: Callable[[Screen], Awaitable[None]]) -> None:
    async def run() -> None:
        field = postman_field()
        field.installation.status = status
        screen = await Screen().open(field)
        await story(screen)
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(run())


def test_nothing_is_said_where_all_is_well() -> None:
    async def story(screen: Screen) -> None:
        assert not screen.shows("手机快存满了")
        assert not screen.shows("联动已更新到")

    with_status(InstallationStatus(quota_bytes=GB, is_persistent=True), story)


def test_room_running_out_is_said_on_every_screen_until_there_is_some() -> None:
    async def story(screen: Screen) -> None:
        assert screen.shows("手机快存满了，联动只剩 20 MB 可用")
        await screen.tap("看同步情况")
        assert screen.shows("手机快存满了，联动只剩 20 MB 可用")
        assert screen.shows("可能清掉没上传的记录")
        field = screen.app.field
        field.installation.status = InstallationStatus(is_full=True)  # type: ignore[misc]
        field.changed()  # type: ignore[attr-defined]
        await screen.settle()
        assert screen.shows("手机存满了，新的记录存不下")
        field.installation.status = InstallationStatus()  # type: ignore[misc]
        field.changed()  # type: ignore[attr-defined]
        await screen.settle()
        assert not screen.shows("手机存满了")

    low = InstallationStatus(used_bytes=80_000_000, quota_bytes=100_000_000, is_persistent=False)
    with_status(low, story)


def test_news_go_when_they_were_read_and_stay_in_about() -> None:
    async def story(screen: Screen) -> None:
        assert screen.shows("联动已更新到 0.1.0")
        await screen.tap("知道了")
        screen.app.refresh()
        await screen.settle()
        assert not screen.shows("联动已更新到")
        await screen.tap("我的")
        await screen.tap("关于联动")
        assert screen.shows("0.1.0 版有什么")

    with_status(InstallationStatus(news=("0.1.0",)), story)


def test_way_onto_the_home_screen_is_the_one_that_there_is() -> None:
    def seen(way: InstallWay) -> list[bool]:
        found: list[bool] = []

        async def story(screen: Screen) -> None:
            await screen.tap("我的")
            found.extend(
                screen.shows(text)
                for text in ("装到桌面，像别的应用", "添加到主屏幕", "已装到桌面")
            )

        with_status(InstallationStatus(install_way=way), story)
        return found

    assert seen(InstallWay.OFFERED) == [True, False, False]
    assert seen(InstallWay.BY_HAND) == [False, True, False]
    assert seen(InstallWay.INSTALLED) == [False, False, True]
    assert seen(InstallWay.NONE) == [False, False, False]


def test_offered_installation_is_taken_with_one_tap() -> None:
    async def story(screen: Screen) -> None:
        await screen.tap("我的")
        await screen.tap("装到桌面")
        screen.app.refresh()
        await screen.settle()
        assert screen.shows("已装到桌面")

    with_status(InstallationStatus(install_way=InstallWay.OFFERED), story)


def test_iphone_is_told_what_seven_days_do() -> None:
    async def story(screen: Screen) -> None:
        await screen.tap("看同步情况")
        assert screen.shows("连续 7 天没打开联动")

    iphone = InstallationStatus(quota_bytes=GB, is_persistent=False, install_way=InstallWay.BY_HAND)
    with_status(iphone, story)
