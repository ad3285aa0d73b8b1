from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import sqlite3
from pathlib import Path

import pytest

from client.device import SealedItem, StorageFullError
from client.device.native import FileSettings, NativeKeys
from client.store import replica as replica_module
from client.store.replica import HeldRow, Page, Replica
from tests.client.phone import eventually, stored

KEY = b"k" * 32


class Shelf:
    """A folder with a replica in it, as a file or in memory."""

    def __init__(self, folder: Path, *, file: bool) -> None:
        self.path = folder / "replica.sqlite3" if file else None
        self.settings = FileSettings(folder / "settings")
        self.keys = NativeKeys(folder / "keys.json", iterations=1)
        self.replica = self.another()

    def another(self, key: bytes = KEY) -> Replica:
        return Replica(self.path, self.settings, self.keys, key, name="S1")

    async def reopened(self) -> tuple[Replica, list[HeldRow]]:
        await self.replica.close()
        self.replica = self.another()
        return self.replica, await self.replica.load()


@pytest.fixture(params=[True, False], ids=["file", "memory"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, file=request.param)


def row(row_id: str, revision: int, content: bytes = b'{"name":"x"}') -> HeldRow:
    return HeldRow("customer", row_id, revision, content)


def page(*rows: HeldRow, cursor: int = 1, **others: object) -> Page:
    values = {"rows": rows, "cursors": {"s": cursor}, "scopes": ["s"], **others}
    return Page(**values)  # type: ignore[arg-type]


async def test_page_and_its_cursors_come_back_together(shelf: Shelf) -> None:
    assert await shelf.replica.load() == []
    rows = [row("a", 1), row("b", 2, '{"name":"王阿婆"}'.encode())]
    assert await shelf.replica.apply(page(*rows, cursor=2, applied=5)) == (rows, [])
    replica, held = await shelf.reopened()
    assert held == rows
    assert (replica.cursors, replica.applied, replica.is_rebuilding) == ({"s": 2}, 5, False)


async def test_higher_revision_wins_in_any_order(shelf: Shelf) -> None:
    await shelf.replica.load()
    news, _ = await shelf.replica.apply(page(row("a", 3), row("a", 5), row("a", 4)))
    assert news == [row("a", 5)]
    assert (await shelf.replica.apply(page(row("a", 5), row("a", 1))))[0] == []
    _, held = await shelf.reopened()
    assert held == [row("a", 5)]


async def test_applied_sequence_waits_for_the_last_page(shelf: Shelf) -> None:
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1), applied=3, is_last=False))
    assert shelf.replica.applied == 0
    await shelf.replica.apply(page(row("b", 1), applied=3))
    assert shelf.replica.applied == 3
    await shelf.replica.apply(page(applied=2))
    assert shelf.replica.applied == 3
    shelf.replica.lower_applied(1)
    assert shelf.replica.applied == 1


async def test_what_the_server_has_is_known_after_a_restart_and_until_a_restore(
    shelf: Shelf,
) -> None:
    await shelf.replica.load()
    await shelf.replica.apply(page(received=7, is_last=False))
    await shelf.replica.apply(page(received=5))
    replica, _ = await shelf.reopened()
    assert replica.received == 7
    replica.lower_applied(2)
    assert replica.received == 2
    replica.belong_to(9)
    assert replica.received == 0


async def test_scope_that_the_device_holds_no_more_loses_its_cursor(shelf: Shelf) -> None:
    await shelf.replica.load()
    await shelf.replica.apply(Page(cursors={"s": 4, "t": 9}, scopes=["s", "t"]))
    await shelf.replica.apply(Page(cursors={"t": 10}, scopes=["t"]))
    assert shelf.replica.cursors == {"t": 10}


async def test_personal_data_is_sealed_in_the_storage(shelf: Shelf, tmp_path: Path) -> None:
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1, "王阿婆 13800005678".encode())))
    await shelf.replica.close()
    for content in stored(tmp_path):
        assert "王阿婆".encode() not in content
        assert b"13800005678" not in content


async def test_row_put_in_anothers_place_is_dropped_and_fetched_anew(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, file=True)
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1, b"A"), row("b", 1, b"B"), cursor=7))
    await shelf.replica.close()
    assert shelf.path is not None
    with sqlite3.connect(shelf.path) as connection:
        connection.execute("UPDATE row SET sealed = (SELECT sealed FROM row WHERE id = 'a')")
    connection.close()
    replica = shelf.another()
    assert await replica.load() == [row("a", 1, b"A")]
    assert (replica.is_rebuilding, replica.cursors) == (True, {})


async def test_row_lost_without_a_trace_is_noticed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, file=True)
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1), row("b", 1), cursor=7))
    await shelf.replica.close()
    assert shelf.path is not None
    with sqlite3.connect(shelf.path) as connection:
        connection.execute("DELETE FROM row WHERE id = 'a'")
    connection.close()
    replica = shelf.another()
    assert await replica.load() == [row("b", 1)]
    assert (replica.is_rebuilding, replica.cursors) == (True, {})
    again = shelf.another()
    await again.load()
    assert again.is_rebuilding, "until the rows have come"


async def test_rebuild_serves_the_old_rows_until_the_last_page(shelf: Shelf) -> None:
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 9), row("b", 9), row("c", 9), cursor=9))
    shelf.replica.begin_rebuild()
    # A restored server counts anew: its lower revisions are the true ones.
    assert (await shelf.replica.apply(page(row("a", 1), is_last=False)))[1] == []
    replica, held = await shelf.reopened()
    assert held == [row("a", 1), row("b", 9), row("c", 9)]
    assert replica.is_rebuilding
    _, gone = await replica.apply(page(row("b", 2)))
    assert gone == [("customer", "c")]
    again, held = await shelf.reopened()
    assert not again.is_rebuilding
    assert held == [row("a", 1), row("b", 2)]


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\0" * 99])
async def test_ruined_database_is_begun_anew(shelf: Shelf, content: bytes) -> None:
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1)))
    await shelf.replica.close()
    if shelf.path is None:
        await shelf.settings.put("replica/S1", content)
    else:
        shelf.path.write_bytes(content)
        for suffix in ("-wal", "-shm"):
            shelf.path.with_name(shelf.path.name + suffix).unlink(missing_ok=True)
    replica = shelf.another()
    assert await replica.load() == []
    assert replica.cursors == {}
    await replica.apply(page(row("a", 1)))
    await replica.close()
    assert await shelf.another().load() == [row("a", 1)]


async def test_database_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, file=True)
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1)))
    await shelf.replica.close()
    assert shelf.path is not None
    with sqlite3.connect(shelf.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert await shelf.another().load() == []


async def test_a_flipped_bit_in_a_column_type_does_not_make_ids_numbers(tmp_path: Path) -> None:
    """Such a column keeps 0000000000012 as 12, and nobody finds the row by its id again."""
    shelf = Shelf(tmp_path, file=True)
    await shelf.replica.load()
    await shelf.replica.close()
    assert shelf.path is not None
    content = shelf.path.read_bytes()
    assert content.count(b"id TEXT NOT NULL") == 1
    shelf.path.write_bytes(content.replace(b"id TEXT NOT NULL", b"id TEXP NOT NULL"))
    replica = shelf.another()
    await replica.load()
    rows = [row("0000000000012", 1), row("00000000001E2", 1)]
    await replica.apply(page(*rows, cursor=7))
    await replica.close()
    assert await shelf.another().load() == rows


async def test_any_flipped_bit_is_noticed_or_harmless(tmp_path: Path) -> None:
    """Every row that `load` returns is as the server sent it, wherever the storage rots.

    What has come anew from the server is whole at the next start: also where the flipped bit was in
    a key, which stands in the wrong place of SQLite's tree then.
    """
    shelf = Shelf(tmp_path, file=True)
    await shelf.replica.load()
    rows = [row(f"r{n}", n + 1, b"content %d" % n) for n in range(40)]
    later = [row(f"r{n}", n + 100, b"content %d" % n) for n in range(40)]
    await shelf.replica.apply(page(*rows, cursor=40))
    await shelf.replica.close()
    assert shelf.path is not None
    whole = shelf.path.read_bytes()
    for at in range(0, len(whole), 31):
        spoilt = bytearray(whole)
        spoilt[at] ^= 1 << at % 8
        shelf.path.write_bytes(spoilt)
        replica = shelf.another()
        held = await replica.load()
        assert set(held) <= set(rows), at
        assert set(held) == set(rows) or replica.is_rebuilding or not replica.cursors, at
        await replica.close()
        replica = shelf.another()
        assert set(await replica.load()) == set(held), at
        if replica.is_rebuilding:
            await replica.apply(page(*later, cursor=80))
            await replica.close()
            replica = shelf.another()
            assert sorted(await replica.load(), key=lambda one: one.revision) == later, at
            assert not replica.is_rebuilding, at
        await replica.close()
        for suffix in ("-wal", "-shm"):
            shelf.path.with_name(shelf.path.name + suffix).unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["cursors", "applied", "epoch", "sum"])
async def test_changed_mark_is_never_believed(tmp_path: Path, name: str) -> None:
    """A cursor that points too far would skip rows for ever."""
    shelf = Shelf(tmp_path, file=True)
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1), cursor=1))
    shelf.replica.begin_rebuild()
    await shelf.replica.apply(page(row("a", 1), cursor=1))
    await shelf.replica.close()
    assert shelf.path is not None
    with contextlib.closing(sqlite3.connect(shelf.path)) as connection:
        (value,) = connection.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
        other = re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 1) % 10), value)
        connection.execute("UPDATE mark SET value = ? WHERE name = ?", (other, name))
        connection.commit()
    replica = shelf.another()
    await replica.load()
    assert (replica.is_rebuilding, replica.cursors, replica.applied) == (True, {}, 0)
    await replica.close()


async def test_device_without_room_keeps_the_replica_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path, file=True)
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1), cursor=1))
    await shelf.replica.close()
    assert shelf.path is not None
    whole = shelf.path.read_bytes()

    async def full(self: Replica) -> sqlite3.Connection:
        raise StorageFullError(self)

    with monkeypatch.context() as patch:
        patch.setattr(Replica, "_connect", full)
        replica = shelf.another()
        assert [held.row_id for held in await replica.load()] == ["a"]
        await replica.apply(page(row("b", 2), cursor=2))
        assert replica.cursors == {"s": 2}
        await replica.close()
    assert shelf.path.read_bytes() == whole
    held = await shelf.another().load()
    assert [kept.row_id for kept in held] == ["a"], "the next start goes on from the file"


async def test_dropped_row_stays_away(shelf: Shelf) -> None:
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1), row("b", 1)))
    shelf.replica.drop([("customer", "a"), ("customer", "unknown")])
    replica, held = await shelf.reopened()
    assert held == [row("b", 1)]
    assert not replica.is_rebuilding


async def test_what_a_clock_ahead_has_dropped_is_known_until_it_is_fetched_anew(
    shelf: Shelf,
) -> None:
    today = dt.date(2026, 5, 4)
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1), row("b", 1), row("c", 1)))
    shelf.replica.drop([("customer", "a")], today)
    assert not shelf.replica.has_dropped_early(today)
    shelf.replica.drop([("customer", "b")], today + dt.timedelta(days=40))
    shelf.replica.drop([("customer", "c")], today)
    replica, _ = await shelf.reopened()
    assert replica.has_dropped_early(today)
    assert not replica.has_dropped_early(today + dt.timedelta(days=40))
    replica.begin_rebuild()
    assert not replica.has_dropped_early(today)


async def test_memory_is_kept_after_some_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica_module, "QUIET_S", 0.02)
    shelf = Shelf(tmp_path, file=False)
    await shelf.replica.load()
    for revision in range(1, 6):
        await shelf.replica.apply(page(row("a", revision)))
    assert await shelf.settings.get("replica/S1") is None
    await eventually(lambda: shelf.replica._quiet is not None and shelf.replica._quiet.done())
    assert await shelf.another().load() == [row("a", 5)]


async def test_memory_that_finds_no_room_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path, file=False)
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1)))

    async def full(name: str, value: bytes) -> None:
        raise StorageFullError(name, len(value))

    monkeypatch.setattr(shelf.settings, "put", full)
    await shelf.replica.close()
    assert await shelf.another().load() == []


async def test_page_that_finds_no_room_is_not_half_applied(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, file=True)
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1), cursor=1))
    shelf.replica._connection.execute("PRAGMA max_page_count = 6")
    big = [row(f"r{n}", 2, os.urandom(3000)) for n in range(20)]
    with pytest.raises(StorageFullError):
        await shelf.replica.apply(page(*big, cursor=2))
    assert shelf.replica.cursors == {"s": 1}
    shelf.replica._connection.execute("PRAGMA max_page_count = 100000")
    assert (await shelf.replica.apply(page(*big, cursor=2)))[0] == big
    replica, held = await shelf.reopened()
    assert len(held) == 21
    assert not replica.is_rebuilding


async def test_another_key_opens_nothing(shelf: Shelf) -> None:
    await shelf.replica.load()
    await shelf.replica.apply(page(row("a", 1)))
    await shelf.replica.close()
    assert await shelf.another(b"x" * 32).load() == []


def test_sealed_item_names_its_context() -> None:
    assert SealedItem(b"row/customer/a/1", b"x").context == b"row/customer/a/1"
