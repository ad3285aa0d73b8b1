"""The journal as one flat, append-only file, written durably or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from client.device import JournalPositionTakenError, StorageFullError

__all__ = ["FileJournal", "write_whole_file"]

_log = logging.getLogger(__name__)

# A frame is a header, the record's bytes, and nothing else. The header's own checksum lets a
# reader find the next frame when one is damaged; the record's damage is the record's to see.
_HEADER = struct.Struct("!4sIII")  # Magic, position, length, CRC-32 of the twelve bytes before.
_MAGIC = b"LDjf"


@dataclass(frozen=True, slots=True)
class _Scan:
    """What a file holds: its records, where the last whole one ends, and whether it is sound."""

    records: list[bytes]
    end: int
    sound: bool


class FileJournal:
    """A `client.device.Journal` in a file; one process at a time may hold it."""

    def __init__(self, path: Path) -> None:
        """Keep the records at *path*; nothing is touched before `load`."""
        self._path = path
        self._lock: int | None = None
        self._file: int | None = None
        self._end = 0
        self._count = 0

    async def load(self) -> list[bytes]:
        """Return every record in order, and hold the journal against other processes.

        A frame that the power cut short is taken off the end (its `append` never returned); what
        else is damaged keeps its position, and the file as found is kept beside.

        Raises:
            JournalPositionTakenError: Another process, or another object of this one, holds it.
        """
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        content = self._path.read_bytes() if self._path.exists() else b""
        scan = _scan(content)
        if not scan.sound:
            self._set_aside(content)
            write_whole_file(self._path, _frames(scan.records))
            scan = _scan(self._path.read_bytes())
        elif scan.end < len(content):
            _log.warning("journal: a torn tail of %d bytes taken off", len(content) - scan.end)
            self._set_aside(content[scan.end :])
        self._open(scan.end)
        self._count = len(scan.records)
        return scan.records

    async def append(self, position: int, record: bytes) -> None:
        """Keep *record* durably at *position*.

        Raises:
            JournalPositionTakenError: The position is not the next one, or the journal not ours.
            StorageFullError: The device has no room; nothing was kept.
        """
        if self._file is None or position != self._count:
            raise JournalPositionTakenError(position)
        frame = _frame(position, record)
        try:
            _write_all(self._file, frame, self._end)
            os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):  # Else the next append writes over it.
                os.ftruncate(self._file, self._end)
            raise StorageFullError(os.strerror(error.errno or 0)) from error
        self._end += len(frame)
        self._count += 1

    async def replace(self, position: int, record: bytes) -> None:
        """Durably put *record* in the place of the one at *position*.

        The whole file is written anew: overwritten in place, a power cut could leave half of each.
        """
        if self._file is None or position >= self._count:
            raise JournalPositionTakenError(position)
        records = _scan(self._path.read_bytes()).records
        records[position] = record
        content = _frames(records)
        write_whole_file(self._path, content)
        os.close(self._file)
        self._open(len(content))

    def close(self) -> None:
        """Let another process have the journal."""
        for descriptor in (self._file, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._file = self._lock = None

    def _take_lock(self) -> None:
        # A file of its own: `replace` and repairs rename over the journal itself.
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise JournalPositionTakenError(str(self._path)) from error
        self._lock = lock

    def _open(self, end: int) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._file, end)
        os.fsync(self._file)
        _sync_folder(self._path.parent)
        self._end = end

    def _set_aside(self, content: bytes) -> None:
        """Keep what is about to be cut off or rewritten, for a person to look at."""
        ordinal = 1
        while (aside := self._path.with_name(f"{self._path.name}.damaged-{ordinal}")).exists():
            ordinal += 1
        _log.error("journal: %d bytes set aside in %s", len(content), aside.name)
        write_whole_file(aside, content)


def write_whole_file(path: Path, content: bytes) -> None:
    """Replace *path* durably: the old content or the new, never a mixture.

    Raises:
        StorageFullError: There is no room; the old content stays.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write_all(descriptor, content, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageFullError(os.strerror(error.errno or 0)) from error


def _scan(content: bytes) -> _Scan:
    records: list[bytes] = []
    offset, sound = 0, True
    while offset < len(content):
        length = _frame_length(content, offset, len(records), len(records))
        if length is None:
            following = _next_frame(content, offset + 1, len(records))
            tail = content[offset:]
            if following is None and (len(tail) < _HEADER.size or not any(tail)):
                return _Scan(records, offset, sound)
            sound = False
            found, position = following or (len(content), len(records) + 1)
            # The damaged bytes stand for the first missing record, nothing for further ones.
            records.append(content[offset:found])
            records += [b""] * (position - len(records))
            offset = found
            continue
        start = offset + _HEADER.size
        if start + length > len(content):
            return _Scan(records, offset, sound)
        records.append(content[start : start + length])
        offset = start + length
    return _Scan(records, offset, sound)


def _frame_length(content: bytes, offset: int, least: int, most: int) -> int | None:
    """Return the length in a valid header at *offset* with a position in these limits."""
    header = content[offset : offset + _HEADER.size]
    if len(header) < _HEADER.size:
        return None
    magic, position, length, crc = _HEADER.unpack(header)
    valid = magic == _MAGIC and crc == zlib.crc32(header[:-4]) and least <= position <= most
    return int(length) if valid else None


def _next_frame(content: bytes, offset: int, least: int) -> tuple[int, int] | None:
    """Return where the next valid frame of a later position begins, and that position."""
    while (offset := content.find(_MAGIC, offset)) >= 0:
        if _frame_length(content, offset, least + 1, 2**32) is not None:
            return offset, int(_HEADER.unpack_from(content, offset)[1])
        offset += 1
    return None


def _frame(position: int, record: bytes) -> bytes:
    head = struct.pack("!4sII", _MAGIC, position, len(record))
    return head + struct.pack("!I", zlib.crc32(head)) + record


def _frames(records: list[bytes]) -> bytes:
    return b"".join(_frame(position, record) for position, record in enumerate(records))


def _write_all(descriptor: int, content: bytes, offset: int) -> None:
    written = 0
    while written < len(content):
        written += os.pwrite(descriptor, content[written:], offset + written)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
