"""The app on its device: what is asked for and when, what is said of it, what an update brings."""

from __future__ import annotations

import asyncio
import dataclasses
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from client.device import Device, StorageEstimate, StorageFullError
from client.device.native import native_device
from client.installation import Installation
from client.releases import RELEASES, VERSION, news_since
from client.status import LOW_BYTES, InstallationStatus, InstallWay
from client.strings import CATALOGUES

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX = 3


class FakeBrowser:
    """A browser's storage and its way to install, as the test wants them."""

    def __init__(self, *, grants: bool, quota: int = 1_000_000_000) -> None:
        self.grants = grants
        self.found = StorageEstimate(used_bytes=40_000_000, quota_bytes=quota, is_persistent=False)
        self.asked = 0
        self.is_mute = False

    async def estimate(self) -> StorageEstimate:
        if self.is_mute:
            raise RuntimeError("TypeError: navigator.storage is undefined")
        return self.found

    async def persist(self) -> bool:
        self.asked += 1
        self.found = dataclasses.replace(self.found, is_persistent=self.grants)
        return self.grants

    async def way(self) -> str:
        return "by-hand"

    async def install(self) -> bool:
        return False


def run(
    folder: Path, browser: FakeBrowser, story: Callable[[Installation], Awaitable[None]]
) -> InstallationStatus:
    device = dataclasses.replace(
        native_device(folder, "http://127.0.0.1:1"), storage=browser, installer=browser
    )
    return run_on(device, story)


def run_on(device: Device, story: Callable[[Installation], Awaitable[None]]) -> InstallationStatus:
    installation = Installation(device, lambda: None)

    async def told() -> None:
        await story(installation)

    asyncio.run(told())
    return installation.status


@pytest.mark.parametrize("grants", [True, False])
def test_lasting_storage_is_asked_for_after_the_unlock_once_and_said_truly(
    tmp_path: Path,
    *,
    grants: bool,
) -> None:
    browser = FakeBrowser(grants=grants)

    async def story(installation: Installation) -> None:
        await installation.look()
        assert browser.asked == 0
        assert installation.status.is_persistent is False
        await installation.settle(is_new=False)
        await installation.settle(is_new=False)

    status = run(tmp_path, browser, story)
    assert browser.asked == 1
    assert status.is_persistent is grants
    assert status.install_way is InstallWay.BY_HAND


def test_room_is_low_before_it_is_used_up(tmp_path: Path) -> None:
    def left(count: int) -> InstallationStatus:
        browser = FakeBrowser(grants=True, quota=40_000_000 + count)
        return run(tmp_path, browser, lambda installation: installation.look())

    assert not left(LOW_BYTES).is_low
    assert left(LOW_BYTES - 1).is_low
    assert left(-1).left_bytes == 0


def test_device_that_says_nothing_is_not_called_full(tmp_path: Path) -> None:
    device = native_device(tmp_path, "http://127.0.0.1:1")
    status = run_on(device, lambda installation: installation.settle(is_new=True))
    assert (status.is_low, status.is_persistent, status.quota_bytes) == (False, None, 0)
    browser = FakeBrowser(grants=True)
    browser.is_mute = True
    assert not run(tmp_path, browser, lambda installation: installation.look()).is_low


def test_refused_record_is_said_until_one_is_kept(tmp_path: Path) -> None:
    async def story(installation: Installation) -> None:
        installation.note_full()
        assert installation.status.is_low
        installation.note_kept()
        assert not installation.status.is_low

    run(tmp_path, FakeBrowser(grants=True), story)


def test_news_are_told_once_and_not_to_somebody_new(tmp_path: Path) -> None:
    async def settle(installation: Installation) -> None:
        await installation.settle(is_new=False)

    async def settle_new(installation: Installation) -> None:
        await installation.settle(is_new=True)

    async def read(installation: Installation) -> None:
        await installation.settle(is_new=False)
        await installation.dismiss_news()
        assert installation.status.news == ()

    used, fresh = tmp_path / "used", tmp_path / "fresh"
    browser = FakeBrowser(grants=True)
    assert run(used, browser, settle).news == tuple(reversed(RELEASES))
    run(used, browser, read)
    assert run(used, browser, settle).news == ()
    assert run(fresh, browser, settle_new).news == ()
    assert run(fresh, browser, settle).news == ()


def test_news_that_can_not_be_noted_are_told_again(tmp_path: Path) -> None:
    device = native_device(tmp_path, "http://127.0.0.1:1")

    async def refuse(*_: object) -> None:
        raise StorageFullError

    device.settings.put = refuse  # type: ignore[assignment, method-assign]

    async def read(installation: Installation) -> None:
        await installation.settle(is_new=False)
        await installation.dismiss_news()

    assert run_on(device, read).news == ()
    assert run_on(device, lambda installation: installation.settle(is_new=False)).news


def test_news_are_those_of_the_releases_between() -> None:
    releases = ("1.0", "1.1", "2.0")
    assert news_since("1.0", releases) == ("2.0", "1.1")
    assert news_since("2.0", releases) == ()
    assert news_since(None, releases) == ("2.0", "1.1", "1.0")
    assert news_since("0.9-lost", releases) == ("2.0", "1.1", "1.0")


def test_every_release_says_briefly_what_it_brought() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION
    for catalogue in CATALOGUES.values():
        said = {key.removeprefix("release.") for key in catalogue if key.startswith("release.")}
        assert said == set(RELEASES)
        for version in RELEASES:
            assert len(catalogue[f"release.{version}"].splitlines()) <= LINES_MAX
