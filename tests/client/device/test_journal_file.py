from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from client.device import JournalPositionTakenError, StorageFullError
from client.device.journal_file import FileJournal, write_whole_file

RECORDS = [b"first", b"", b"third" * 50]
HEAD = 20


async def filled(path: Path, *, with_copy: bool = False) -> FileJournal:
    journal = FileJournal(path)
    assert await journal.load() == []
    for position, record in enumerate(RECORDS):
        await journal.append(position, record)
    journal.close()
    if not with_copy:
        copy_of(path).unlink()
        count_of(path).unlink()  # Written last: of the record that was torn, it knows nothing.
    return journal


def copy_of(path: Path) -> Path:
    return path.with_name("journal-copy")


def count_of(path: Path) -> Path:
    return path.with_name("journal-count")


async def load_again(path: Path) -> list[bytes]:
    journal = FileJournal(path)
    records = await journal.load()
    journal.close()
    return records


async def test_journal_returns_every_record_in_order(tmp_path: Path) -> None:
    await filled(tmp_path / "journal")
    assert await load_again(tmp_path / "journal") == RECORDS


async def test_journal_goes_on_where_it_ended(tmp_path: Path) -> None:
    journal = await filled(tmp_path / "journal")
    await journal.load()
    await journal.append(3, b"fourth")
    journal.close()
    assert await load_again(tmp_path / "journal") == [*RECORDS, b"fourth"]


async def test_append_is_synced_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was synced is what a power cut leaves: the file, as it was at the last fsync."""
    journal = FileJournal(tmp_path / "journal")
    await journal.load()
    synced: list[bytes] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        fsync(descriptor)
        synced.append((tmp_path / "journal").read_bytes())

    monkeypatch.setattr(os, "fsync", watch)
    await journal.append(0, b"record")
    assert synced[-1].endswith(b"record")
    assert synced[-1] == (tmp_path / "journal").read_bytes()
    journal.close()


@pytest.mark.parametrize("cut", range(1, HEAD + 250))
async def test_journal_takes_off_a_torn_tail_and_keeps_it_beside(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal"
    await filled(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    journal = FileJournal(path)
    assert await journal.load() == RECORDS[:2]
    await journal.append(2, b"again")
    journal.close()
    assert await load_again(path) == [*RECORDS[:2], b"again"]
    left = HEAD + 250 - cut
    aside = path.with_name("journal.damaged-1")
    assert (aside.read_bytes() if left else b"") == whole[len(whole) - HEAD - 250 :][:left]


async def test_journal_takes_off_a_tail_of_zeros(tmp_path: Path) -> None:
    """A file system may have made room for a frame whose bytes never came."""
    path = tmp_path / "journal"
    await filled(path)
    path.write_bytes(path.read_bytes() + bytes(100))
    assert await load_again(path) == RECORDS


@pytest.mark.parametrize("at", range(HEAD))
async def test_damaged_header_costs_its_own_record_alone(tmp_path: Path, at: int) -> None:
    path = tmp_path / "journal"
    await filled(path)
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    found = await load_again(path)
    assert found == [b"", *RECORDS[1:]]
    assert path.with_name("journal.damaged-1").read_bytes() == content
    assert await load_again(path) == found, "repaired, and reported once"
    assert not path.with_name("journal.damaged-2").exists()


async def test_damaged_header_at_the_end_keeps_its_position(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    await filled(path)
    content = bytearray(path.read_bytes())
    content[2 * HEAD + 5] ^= 0xFF
    path.write_bytes(content)
    found = await load_again(path)
    assert found[:2] == RECORDS[:2]
    assert len(found) == 3
    assert found[2] == content[2 * HEAD + 5 :]


async def test_second_damage_is_kept_beside_the_first(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for _ in range(2):
        for file in (path, copy_of(path), count_of(path)):
            file.unlink(missing_ok=True)
        await filled(path)
        path.write_bytes(path.read_bytes() + b"torn")
        await load_again(path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [  # noqa: ASYNC240
        "journal",
        "journal-copy",
        "journal-count",
        "journal.damaged-1",
        "journal.damaged-2",
        "journal.lock",
    ]


async def test_record_that_looks_like_a_header_is_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = FileJournal(path)
    await journal.load()
    await journal.append(0, b"one")
    await journal.append(1, b"LDjg" * 10)
    await journal.append(2, b"three")
    journal.close()
    copy_of(path).unlink()
    content = bytearray(path.read_bytes())
    content[HEAD + 3] ^= 0xFF
    path.write_bytes(content)
    found = await load_again(path)
    assert (found[0], len(found), found[2]) == (b"one", 3, b"three")


def halved(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_a_block(content: bytes) -> bytes:
    return content[: HEAD + 5] + content[2 * HEAD + 5 :]


def with_a_block_twice(content: bytes) -> bytes:
    return content[: HEAD + 5] + content


def with_blocks_swapped(content: bytes) -> bytes:
    return content[HEAD + 5 :] + content[: HEAD + 5]


def with_zeros(content: bytes) -> bytes:
    return content[:HEAD] + bytes(len(content) - HEAD)


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    "spoilt",
    [bytes, halved, without_a_block, with_a_block_twice, with_blocks_swapped, with_zeros, flipped],
)
@pytest.mark.parametrize("name", ["journal", "journal-copy"])
async def test_spoilt_file_is_made_whole_from_the_other(
    tmp_path: Path, name: str, spoilt: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "journal"
    await filled(path, with_copy=True)
    whole = path.read_bytes()
    assert copy_of(path).read_bytes() == whole
    (tmp_path / name).write_bytes(b"" if spoilt is bytes else spoilt(whole))
    assert await load_again(path) == RECORDS
    assert path.read_bytes() == copy_of(path).read_bytes() == whole


@pytest.mark.parametrize("kept", [0, 1, 2])
async def test_records_that_both_files_lost_are_missed(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "journal"
    await filled(path, with_copy=True)
    length = sum(HEAD + len(record) for record in RECORDS[:kept])
    for file in (path, copy_of(path)):
        file.write_bytes(file.read_bytes()[:length])
    lost = [b""] * (len(RECORDS) - kept)
    assert await load_again(path) == RECORDS[:kept] + lost
    assert await load_again(path) == RECORDS[:kept] + lost


async def test_count_that_is_behind_or_spoilt_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    await filled(path, with_copy=True)
    late = count_of(path).read_bytes()
    journal = FileJournal(path)
    await journal.load()
    await journal.append(3, b"fourth")
    journal.close()
    for said in (late, flipped(late), b"", bytes(len(late))):
        count_of(path).write_bytes(said)
        assert await load_again(path) == [*RECORDS, b"fourth"]


async def test_record_that_the_copy_has_begun_with_is_missed(tmp_path: Path) -> None:
    """The copy gets a record only once the journal has it: it was called saved, and is lost."""
    path = tmp_path / "journal"
    await filled(path, with_copy=True)
    for file in (path, copy_of(path)):
        file.write_bytes(file.read_bytes()[:-1])
    assert await load_again(path) == [*RECORDS[:2], b""]


@pytest.mark.parametrize("spoilt", [with_a_block_twice, with_blocks_swapped])
async def test_moved_blocks_are_put_in_order_without_a_copy(
    tmp_path: Path, spoilt: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "journal"
    await filled(path)
    path.write_bytes(spoilt(path.read_bytes()))
    assert await load_again(path) == RECORDS


async def test_journal_without_room_for_its_copy_goes_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    journal = await filled(path)
    await journal.load()
    real = os.pwrite

    def no_copy(descriptor: int, content: bytes, offset: int) -> int:
        if descriptor == journal._copy:
            raise OSError(errno.ENOSPC, "no space")
        return real(descriptor, content, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", no_copy)
        await journal.append(3, b"fourth")
    await journal.append(4, b"fifth")
    journal.close()
    assert await load_again(path) == [*RECORDS, b"fourth", b"fifth"]
    assert copy_of(path).read_bytes() == path.read_bytes(), "made whole again"


async def test_several_lost_frames_keep_their_positions(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    await filled(path)
    content = bytearray(path.read_bytes())
    content[: 2 * HEAD + 5] = b"?" * (2 * HEAD + 5)
    path.write_bytes(content)
    found = await load_again(path)
    assert len(found) == 3
    assert found[1:] == [b"", RECORDS[2]]


async def test_append_at_a_taken_position_is_refused(tmp_path: Path) -> None:
    journal = await filled(tmp_path / "journal")
    await journal.load()
    for position in (0, 2, 4):
        with pytest.raises(JournalPositionTakenError):
            await journal.append(position, b"other")
    journal.close()
    with pytest.raises(JournalPositionTakenError):
        await journal.append(3, b"closed")
    assert await load_again(tmp_path / "journal") == RECORDS


async def test_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first, second = FileJournal(tmp_path / "journal"), FileJournal(tmp_path / "journal")
    await first.load()
    with pytest.raises(JournalPositionTakenError):
        await second.load()
    first.close()
    assert await second.load() == []
    second.close()


def test_second_process_is_refused(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal")
    asyncio.run(journal.load())
    script = (
        "import asyncio, sys; from pathlib import Path\n"
        "from client.device.journal_file import FileJournal\n"
        "asyncio.run(FileJournal(Path(sys.argv[1])).load())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "journal")],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert "JournalPositionTakenError" in run.stderr
    journal.close()


async def test_full_device_refuses_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    journal = await filled(path)
    await journal.load()
    before = path.read_bytes()
    real = os.pwrite
    written: list[bytes] = []

    def half(descriptor: int, content: bytes, offset: int) -> int:
        if written:
            raise OSError(errno.ENOSPC, "no space")
        written.append(content)
        return real(descriptor, content[:7], offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", half)
        with pytest.raises(StorageFullError):
            await journal.append(3, b"fourth")
    assert path.read_bytes() == before
    await journal.append(3, b"fourth, there is room again")
    journal.close()
    assert (await load_again(path))[3] == b"fourth, there is room again"


async def test_journal_that_can_not_be_opened_again_after_a_replacement_takes_nothing_more(
    tmp_path: Path,
) -> None:
    """The number of its closed file may be another file's by then."""
    path = tmp_path / "journal"
    journal = await filled(path)
    await journal.load()

    def no_descriptor(*_: object) -> int:
        raise OSError(errno.EMFILE, "too many open files")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("client.device.journal_file._opened", no_descriptor)
        with pytest.raises(OSError, match="too many"):
            await journal.replace(2, b"erased")
    other = tmp_path / "other"
    with other.open("w+b") as stranger:
        with pytest.raises(JournalPositionTakenError):
            await journal.append(3, b"fourth")
        journal.close()
        stranger.write(b"untouched")
    assert other.read_bytes() == b"untouched"
    assert await load_again(path) == [b"first", b"", b"erased"]


async def test_replaced_record_is_gone_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = await filled(path, with_copy=True)
    await journal.load()
    await journal.replace(2, b"erased")
    await journal.append(3, b"fourth")
    with pytest.raises(JournalPositionTakenError):
        await journal.replace(4, b"not there")
    journal.close()
    assert await load_again(path) == [b"first", b"", b"erased", b"fourth"]
    assert b"third" not in path.read_bytes()
    assert b"third" not in copy_of(path).read_bytes()


def test_whole_file_stays_old_when_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "setting"
    write_whole_file(path, b"old")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StorageFullError):
        write_whole_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["setting"]


async def test_what_was_set_aside_is_amended_after_a_death_in_the_middle(tmp_path: Path) -> None:
    """A file that was being written then is no file that was set aside."""
    aside, begun = (tmp_path / f"journal.damaged-1{end}" for end in ("", ".new"))
    aside.write_bytes(b"a name and more")
    begun.write_bytes(b"a na")
    journal = FileJournal(tmp_path / "journal")
    await journal.load()
    await journal.amend_aside(lambda content: content.replace(b"name", b"0000"))
    journal.close()
    assert (aside.read_bytes(), begun.exists()) == (b"a 0000 and more", False)
