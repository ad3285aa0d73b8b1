"""A phone's storage that can die, fill up or forget at any write: real files under the real code.

The journal's and the settings' code calls `os` and `pathlib`, the replica's calls `sqlite3`. Here
each of these calls reaches the real files, after this module has counted it, cut it short, or
refused it. What was written and not yet synced may be gone after a power cut.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PosixPath
from typing import Any, SupportsIndex
from unittest.mock import patch

from client.device import journal_file
from client.store import replica

__all__ = ["Disk", "DiskPath", "PowerCut", "disks_attached"]

_FULL = "database or disk is full"


class PowerCut(BaseException):
    """The end of an app's run: nothing that the product could catch."""


class Disk:
    """One phone's storage.

    Attributes:
        steps_left: How many writes and syncs will still happen; None: no end in sight.
        is_dead: Whether the run is over; whatever is still under way writes nothing more.
        dies_with_power: Whether what is written and not synced dies too.
        is_full: Whether there is no room.
        steps: All writes and syncs so far.
    """

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = DiskPath(folder)
        self.steps_left: int | None = None
        self.is_dead = False
        self.is_full = False
        self.steps = 0
        self.dies_with_power = False
        self.chance = chance
        self._unsynced: dict[str, bytes | None] = {}  # By file: what a power cut leaves of it.
        self._renamed: list[tuple[str, bytes | None]] = []
        self._replicas: list[_Connection] = []
        self._replica_began: tuple[int, int] | None = None
        _DISKS[str(folder)] = self

    def close(self) -> None:
        """Forget the disk, when its run is over."""
        self.lose_process()
        _DISKS.pop(str(self.folder), None)

    # --- What the shims tell -------------------------------------------------------------------

    def step(self) -> None:
        """Count a write; die when it is the last one."""
        if self.is_dead:
            raise PowerCut
        self.steps += 1
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                self.is_dead = True
                raise PowerCut

    def write(self, path: str, content: bytes, put: Callable[[bytes], int]) -> int:
        """Write by *put*, all or, when the phone dies or is full, perhaps a part."""
        self._will_change(path)
        if self.is_full:
            if content[: len(content) // 3]:
                put(content[: len(content) // 3])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            self.step()
        except PowerCut:
            part = content[: self.chance.randrange(len(content) + 1)]
            if part and self.steps_left is not None:
                self.steps_left = None
                put(part)
            raise
        return put(content)

    def changes(self, path: str) -> None:
        """Note that the file is about to be made or cut."""
        self.step()
        self._will_change(path)

    def synced(self, path: str) -> None:
        """Note that the file, or the names in the folder, are safe from now on."""
        self.step()
        self._unsynced.pop(path, None)
        if os.path.isdir(path):  # noqa: PTH112 - the shim gets what `os` gets
            self._renamed = [one for one in self._renamed if os.path.dirname(one[0]) != path]  # noqa: PTH120

    def renamed(self, source: str, target: str, rename: Callable[[], None]) -> None:
        """Give the file of *source* the name *target*, safely only once the folder is synced."""
        self.step()
        self._renamed.append((target, _content(target)))
        rename()
        if source in self._unsynced:
            self._unsynced[target] = self._unsynced.pop(source)

    # --- What happens to the phone -------------------------------------------------------------

    def lose_process(self) -> None:
        """End the process as kill -9 does: files stay as they are, nothing is tidied up."""
        for connection in self._replicas:
            kept = {path: path.read_bytes() for path in _replica_files(connection.path)}
            sqlite3.Connection.close(connection)
            for path in _replica_files(connection.path):
                path.unlink()
            for path, content in kept.items():
                path.write_bytes(content)
        self._replicas.clear()

    def lose_power(self) -> None:
        """Take away what was written and not synced, wholly or in part, as power cuts do."""
        self.lose_process()
        for target, old in reversed(self._renamed):
            if self.chance.random() < 0.5:
                _restore(target, old)
        for path, old in self._unsynced.items():
            new = _content(path)
            kind = self.chance.randrange(3)
            if kind == 0 or new is None:
                _restore(path, old)
            elif kind == 1:
                least = min(len(old or b""), len(new))
                _restore(path, new[: self.chance.randint(least, len(new))])
        self._renamed.clear()
        self._unsynced.clear()
        self._lose_replica_tail()

    def arm(self, steps: int, *, power: bool) -> None:
        """Let the process, or with *power* the phone, die that many writes from now."""
        self.steps_left, self.dies_with_power = steps, power

    def revive(self) -> None:
        """Let the next run begin."""
        self.is_dead = False
        self.steps_left = None

    def connected(self, connection: _Connection) -> None:
        """Note a connection to the replica."""
        self._replicas.append(connection)
        self._replica_began = _stamp(connection.path)

    def disconnected(self, connection: _Connection) -> None:
        """Note that the product itself has closed it."""
        if connection in self._replicas:
            self._replicas.remove(connection)

    def _will_change(self, path: str) -> None:
        if path not in self._unsynced:
            self._unsynced[path] = _content(path)

    def _lose_replica_tail(self) -> None:
        """Lose the last commits: without a sync, a write-ahead log may end anywhere."""
        database = self.folder / "replica.sqlite3"
        log = database.with_name(database.name + "-wal")
        if not log.exists() or self._replica_began != _stamp(database):
            return  # Pages of the log are in the database by now: that much is synced.
        with log.open("r+b") as file:
            file.truncate(self.chance.randint(0, log.stat().st_size))


_DISKS: dict[str, Disk] = {}
_OPEN: dict[int, tuple[Disk, str]] = {}  # By file descriptor.


def _disk_of(path: object) -> Disk | None:
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
    return next((disk for root, disk in _DISKS.items() if f"{text}/".startswith(f"{root}/")), None)


class DiskPath(PosixPath):
    """A path on a phone: renaming and deleting are writes."""

    def replace(self, target: Any) -> Any:
        disk = _disk_of(self)
        if disk is None:
            return super().replace(target)
        disk.renamed(str(self), str(target), lambda: _discard(PosixPath(self).replace(target)))
        return DiskPath(target)

    def unlink(self, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - as pathlib has it
        disk = _disk_of(self)
        if disk is not None and self.exists():
            disk.step()
        super().unlink(missing_ok)


class _DiskOs:
    """The module `os` as a phone's storage code sees it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        disk = _disk_of(path)
        if disk is not None and not _is_lock(path) and _makes_or_cuts(path, flags):
            disk.changes(os.fspath(path))
        descriptor = os.open(path, flags, mode)
        if disk is not None:
            _OPEN[descriptor] = (disk, os.fspath(path))
        return descriptor

    def close(self, descriptor: int) -> None:
        _OPEN.pop(descriptor, None)
        os.close(descriptor)

    def pwrite(self, descriptor: int, content: bytes, offset: SupportsIndex) -> int:
        disk, path = _OPEN[descriptor]
        at = int(offset)
        return disk.write(path, content, lambda part: os.pwrite(descriptor, part, at))

    def ftruncate(self, descriptor: int, length: int) -> None:
        disk, path = _OPEN[descriptor]
        if os.fstat(descriptor).st_size != length:
            disk.changes(path)
        os.ftruncate(descriptor, length)

    def fsync(self, descriptor: int) -> None:
        known = _OPEN.get(descriptor)
        if known is not None:  # Else it is a folder above the phone's own.
            known[0].synced(known[1])


class _Connection(sqlite3.Connection):
    """A connection to the replica."""

    path: Path
    disk: Disk | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self._about_to(sql)
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        self._about_to(sql)
        return super().executemany(sql, parameters)

    def close(self) -> None:
        if self.disk is not None:
            if self.disk.is_dead:
                return  # The process that would do so is gone; `lose_process` sees to it.
            self.disk.disconnected(self)
        super().close()

    def _about_to(self, sql: str) -> None:
        if self.disk is None or sql.startswith(("SELECT", "PRAGMA")):
            return
        self.disk.step()
        if self.disk.is_full and not sql.startswith("BEGIN"):
            raise sqlite3.OperationalError(_FULL)


class _DiskSqlite:
    """The module `sqlite3` as the replica sees it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    def connect(self, database: Any, **options: Any) -> sqlite3.Connection:
        disk = _disk_of(database)
        if disk is None:
            ordinary: sqlite3.Connection = sqlite3.connect(database, **options)
            return ordinary
        disk.step()
        connection: _Connection = sqlite3.connect(database, factory=_Connection, **options)
        connection.path, connection.disk = PosixPath(database), disk
        disk.connected(connection)
        return connection


@contextmanager
def disks_attached() -> Iterator[None]:
    """Let the storage code of the phones run on disks."""
    with (
        patch.object(journal_file, "os", _DiskOs()),
        patch.object(replica, "sqlite3", _DiskSqlite()),
    ):
        yield


def _makes_or_cuts(path: Any, flags: int) -> bool:
    if flags & os.O_TRUNC:
        return True
    return bool(flags & os.O_CREAT) and not Path(path).exists()


def _is_lock(path: object) -> bool:
    return str(path).endswith(".lock")


def _content(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        return None


def _restore(path: str, content: bytes | None) -> None:
    if content is None:
        Path(path).unlink(missing_ok=True)
    else:
        Path(path).write_bytes(content)


def _replica_files(database: Path) -> list[Path]:
    paths = [database.with_name(database.name + suffix) for suffix in ("", "-wal", "-shm")]
    return [path for path in paths if path.exists()]


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what tells whether the database itself was written; the log alone changes nothing."""
    if not path.exists():
        return None
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def _discard(_: object) -> None:
    """Make a function that returns nothing of one that returns something."""


def copy_folder(source: Path, target: Path) -> None:
    """Copy a phone's storage, as a backup tool does: what the replica's log holds comes along."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
