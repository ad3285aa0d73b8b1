"""Files on the phone: sealed, kept before anybody says "saved", found again or reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from client.device import Settings, StorageFullError
from client.device.native import FileSettings, NativeKeys
from client.store import attachments
from client.store.attachments import AttachmentStore, KeptFile
from shared.domain.attachment import AttachmentKind, AttachmentObject, MediaType
from shared.wire.envelope import ClockReading

KEY = bytes(range(32))
CONTENT = b"\xff\xd8\xff" + b"a farmer's card" * 100
FILE = KeptFile(
    object_table=AttachmentObject.REFERRAL,
    object_id="0000G00010001",
    kind=AttachmentKind.PHOTO,
    sha256="a" * 64,
    size=len(CONTENT),
    media_type=MediaType.JPEG,
    used_at=1000,
    clock=ClockReading(wall=1000, mono=1, boot="b"),
)
COPY = replace(FILE, clock=None, is_settled=True)


class Killed(Exception):
    """The app was killed here."""


class FailingSettings(FileSettings):
    """Settings of a device that gives out after so many writes."""

    def __init__(self, folder: Path, writes: int, failure: type[Exception]) -> None:
        super().__init__(folder)
        self.writes = writes
        self.failure = failure

    async def put(self, name: str, value: bytes) -> None:
        if self.writes == 0:
            raise self.failure
        self.writes -= 1
        await super().put(name, value)


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[..., Any]:
    """Return what opens the store of one phone anew, as a start does."""

    async def open_it(settings: Settings | None = None, key: bytes = KEY) -> AttachmentStore:
        store = AttachmentStore(
            settings or FileSettings(tmp_path / "settings"),
            NativeKeys(tmp_path / "keys.json", iterations=1),
            key,
            lambda: 5000,
            staff_id="s1",
        )
        await store.load()
        return store

    return open_it


def settings_of(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "settings").glob("*") if path.is_file())


def contents_of(folder: Path) -> list[Path]:
    return [path for path in settings_of(folder) if path.name.endswith("a" * 64)]


async def test_a_file_is_there_after_a_restart(
    open_store: Callable[..., Any], tmp_path: Path
) -> None:
    await (await open_store()).keep(FILE, CONTENT)

    store = await open_store()

    assert store.files == {FILE.key: FILE}
    assert await store.content(FILE) == CONTENT
    assert all(b"farmer" not in path.read_bytes() for path in settings_of(tmp_path))
    assert all(FILE.object_id.encode() not in path.read_bytes() for path in settings_of(tmp_path))


async def test_another_persons_key_opens_nothing(
    open_store: Callable[..., Any], tmp_path: Path
) -> None:
    await (await open_store()).keep(FILE, CONTENT)

    stranger = await open_store(key=bytes(32))

    assert stranger.files == {}
    assert await stranger.content(FILE) is None
    # Set aside, for the PIN may be found again.
    assert [path.name for path in settings_of(tmp_path) if path.name.endswith("aside")]


@pytest.mark.parametrize("writes", range(6))
async def test_a_kill_at_any_write_leaves_the_file_whole_or_nothing(
    open_store: Callable[..., Any], tmp_path: Path, writes: int
) -> None:
    dying = FailingSettings(tmp_path / "settings", writes, Killed)
    is_saved = True
    try:
        await (await open_store(dying)).keep(FILE, CONTENT)
    except Killed:
        is_saved = False
    assert is_saved is (writes >= 5)

    store = await open_store()

    if is_saved or store.files:
        assert await store.content(FILE) == CONTENT
    else:
        assert contents_of(tmp_path) == [], "bytes that nothing leads to"


@pytest.mark.parametrize("writes", range(5))
async def test_a_full_phone_says_so_and_keeps_what_it_had(
    open_store: Callable[..., Any], tmp_path: Path, writes: int
) -> None:
    other = replace(FILE, sha256="b" * 64)
    await (await open_store()).keep(other, CONTENT)
    full = await open_store(FailingSettings(tmp_path / "settings", writes, StorageFullError))

    with pytest.raises(StorageFullError):
        await full.keep(FILE, CONTENT)

    assert set(full.files) == {other.key}
    store = await open_store()
    assert await store.content(other) == CONTENT
    assert other.key in store.files


@pytest.mark.parametrize("copies", [1, 2])
async def test_a_damaged_list_is_made_up_for_by_its_copy(
    open_store: Callable[..., Any], tmp_path: Path, copies: int
) -> None:
    await (await open_store()).keep(FILE, CONTENT)
    lists = [path for path in settings_of(tmp_path) if "list" in path.name]
    assert len(lists) == 2
    for path in lists[:copies]:
        content = bytearray(path.read_bytes())
        content[20] ^= 1
        path.write_bytes(content)

    store = await open_store()

    assert set(store.files) == ({FILE.key} if copies == 1 else set())
    assert len(contents_of(tmp_path)) == 1, "what was recorded is not thrown away"


async def test_a_damaged_file_is_not_shown_as_another(
    open_store: Callable[..., Any], tmp_path: Path
) -> None:
    await (await open_store()).keep(FILE, CONTENT)
    (path,) = contents_of(tmp_path)
    content = bytearray(path.read_bytes())
    content[50] ^= 1
    path.write_bytes(content)

    assert await (await open_store()).content(FILE) is None


async def test_one_photo_of_two_objects_goes_with_the_second(
    open_store: Callable[..., Any], tmp_path: Path
) -> None:
    store = await open_store()
    twin = replace(FILE, object_id="0000G00020002")
    await store.keep(FILE, CONTENT)
    await store.keep(twin, CONTENT)
    assert len(contents_of(tmp_path)) == 1

    await store.drop(FILE.key)
    assert await store.content(twin) == CONTENT
    await store.drop(twin.key)

    assert contents_of(tmp_path) == []
    assert (await open_store()).files == {}


async def test_copies_make_room_and_what_waits_never_does(
    open_store: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "COPIES_BYTES_MAX", 2 * len(CONTENT))
    store = await open_store()
    await store.keep(FILE, CONTENT)
    old, looked_at, fresh = (
        replace(COPY, sha256=digit * 64, used_at=used_at)
        for digit, used_at in (("1", 10), ("2", 9), ("3", 3000))
    )
    for copy in (old, looked_at):
        await store.keep(copy, CONTENT)
    store.touch(looked_at.key)

    await store.keep(fresh, CONTENT)

    assert set(store.files) == {FILE.key, looked_at.key, fresh.key}
    assert set((await open_store()).files) == set(store.files)


async def test_two_at_once_are_both_kept(open_store: Callable[..., Any]) -> None:
    store = await open_store()
    other = replace(FILE, sha256="b" * 64)

    await asyncio.gather(store.keep(FILE, CONTENT), store.keep(other, CONTENT))

    again = await open_store()
    assert set(again.files) == {FILE.key, other.key}
    assert [await again.content(file) for file in (FILE, other)] == [CONTENT, CONTENT]


async def test_a_kill_while_a_file_is_dropped_leaves_no_bytes(
    open_store: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store()
    await store.keep(FILE, CONTENT)

    async def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(FileSettings, "delete", killed)
        with pytest.raises(Killed):
            await store.drop(FILE.key)
    assert any(FILE.sha256 in path.name for path in settings_of(tmp_path))

    assert (await open_store()).files == {}
    assert not any(FILE.sha256 in path.name for path in settings_of(tmp_path))
