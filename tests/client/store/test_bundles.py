"""Colleagues' bundles on a phone that is full, damaged or killed in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.device import StorageFullError
from client.device.native import FileSettings
from client.store.bundles import BundlePlace, BundleStore

BUNDLE, OTHER, ANSWER = b"a sealed bundle", b"another", b"a sealed answer"


class FullSettings(FileSettings):
    """Settings for which there is room for so many more writes."""

    left: int | None = None

    async def put(self, name: str, value: bytes) -> None:
        if self.left is not None:
            if not self.left:
                raise StorageFullError
            self.left -= 1
        await super().put(name, value)


@pytest.fixture
def settings(tmp_path: Path) -> FullSettings:
    return FullSettings(tmp_path / "settings")


def store_on(settings: FullSettings) -> BundleStore:
    return BundleStore(settings, lambda: 1_000)


async def reopened(settings: FullSettings) -> BundleStore:
    store = store_on(settings)
    await store.load()
    return store


@pytest.mark.parametrize("room", [0, 1, 2])
async def test_what_was_refused_for_want_of_room_is_not_shown(
    settings: FullSettings, room: int
) -> None:
    store = store_on(settings)
    settings.left = room
    with pytest.raises(StorageFullError):
        await store.keep(BUNDLE)
    assert store.bundles == {}
    settings.left = None
    kept = await store.keep(BUNDLE)
    again = await reopened(settings)
    assert await again.content(again.bundles[kept.digest]) == BUNDLE


@pytest.mark.parametrize("room", [0, 1, 2])
async def test_an_answer_without_room_is_asked_for_again(settings: FullSettings, room: int) -> None:
    store = store_on(settings)
    kept = await store.keep(BUNDLE)
    settings.left = room
    with pytest.raises(StorageFullError):
        await store.keep_answer(kept.digest, BundlePlace.ANSWERED, ANSWER)
    assert store.bundles[kept.digest].place is BundlePlace.WAITING
    assert await store.content(kept) == BUNDLE
    settings.left = None
    await store.keep_answer(kept.digest, BundlePlace.ANSWERED, ANSWER)
    again = await reopened(settings)
    assert await again.answer(again.bundles[kept.digest]) == ANSWER


async def test_dropping_one_leaves_the_others(settings: FullSettings) -> None:
    store = store_on(settings)
    first, second = await store.keep(BUNDLE), await store.keep(OTHER)
    assert first.slot != second.slot
    await store.drop(first.digest)
    again = await reopened(settings)
    assert list(again.bundles) == [second.digest]
    assert await again.content(second) == OTHER


async def test_one_lost_list_is_made_up_for_by_its_copy(settings: FullSettings) -> None:
    kept = await store_on(settings).keep(BUNDLE)
    await settings.put("carried/list", b"{")
    assert list((await reopened(settings)).bundles) == [kept.digest]


async def test_a_bundle_that_was_changed_on_the_phone_is_not_read(settings: FullSettings) -> None:
    store = store_on(settings)
    kept = await store.keep(BUNDLE)
    await settings.put(f"carried/{kept.slot}", OTHER)
    assert await store.content(kept) is None
