"""The journal as one flat, append-only file, written durably or not at all, and its copy.

A power cut leaves the journal as it was at the last fsync. The copy is for what fsync can't help
against, a file that was cut, wiped or spoilt later: it is written without waiting for the disk,
and so costs an append next to nothing. So is the count of records, which tells when both were cut
at the same one: it is written after the fsync, and so never says more than was kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from client.device import JournalPositionTakenError, StorageFullError

__all__ = ["FileJournal", "make_folder", "write_whole_file"]

_log = logging.getLogger(__name__)

# A frame is a header, the record's bytes, and nothing else. The header's own checksum lets a
# reader find the next frame when one is damaged; the record's tells which of two copies is good.
_HEADER = struct.Struct("!4sIIII")  # Magic, position, length, the record's CRC-32, this one's.
_MAGIC = b"LDjg"
_COUNT = struct.Struct("!4sII")  # Magic, number of records, CRC-32 of both.
_FRESH = ".new"  # What a file that is being replaced is written under.


@dataclass(frozen=True, slots=True)
class _Frame:
    """A record as found at its position; not `is_good` when its bytes were changed."""

    record: bytes
    is_good: bool


@dataclass(frozen=True, slots=True)
class _Scan:
    """What a file holds.

    Attributes:
        frames: By position; where there are two of one, the good one.
        end: Where the last frame ends.
        is_sound: Whether the frames stand in their order, all good, at most with a torn tail.
        stray: Bytes after the last frame that are no torn tail: of some record, nobody knows which.
        torn: Position of the last frame whose end is missing, if there is one.
    """

    frames: dict[int, _Frame]
    end: int
    is_sound: bool
    stray: bytes
    torn: int | None


class FileJournal:
    """A `client.device.Journal` in a file; one process at a time may hold it."""

    def __init__(self, path: Path) -> None:
        """Keep the records at *path*; nothing is touched before `load`."""
        self._path = path
        self._copy_path = path.with_name(f"{path.name}-copy")
        self._count_path = path.with_name(f"{path.name}-count")
        self._lock: int | None = None
        self._file: int | None = None
        self._copy: int | None = None
        self._counter: int | None = None
        self._end = 0
        self._count = 0

    async def load(self) -> list[bytes]:
        """Return every record in order, and hold the journal against other processes.

        A frame that the power cut short is taken off the end (its `append` never returned). What
        else is damaged is taken from the copy; where that is damaged too, it keeps its position, as
        do records of which only the count is left. The file as found is kept beside.

        Raises:
            JournalPositionTakenError: Another process, or another object of this one, holds it.
            StorageFullError: There is no room for what has to be repaired.
        """
        self.close()
        make_folder(self._path.parent)
        self._take_lock()
        content, copied = _content(self._path), _content(self._copy_path)
        found = _scan(content)
        records = _merged(found, _scan(copied))
        # What is counted and nowhere to be found stays a record, though nobody can read it.
        records += [b""] * (_counted(_content(self._count_path)) - len(records))
        if not found.is_sound or len(records) != len(found.frames):
            self._set_aside(content)
            content = _frames(records)
            write_whole_file(self._path, content)
        elif found.end < len(content):
            _log.warning("journal: a torn tail of %d bytes taken off", len(content) - found.end)
            self._set_aside(content[found.end :])
            content = content[: found.end]
        self._file = _opened(self._path, len(content))
        self._open_copy(content, copied)
        self._end = len(content)
        self._count = len(records)
        self._open_counter()
        return records

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
        if self._copy is not None:
            try:
                _write_all(self._copy, frame, self._end)
            except OSError:
                self._close_copy()  # Made whole at the next `load`.
        self._end += len(frame)
        self._count += 1
        self._write_count()

    async def replace(self, position: int, record: bytes) -> None:
        """Durably put *record* in the place of the one at *position*.

        The whole file is written anew: overwritten in place, a power cut could leave half of each.
        """
        if self._file is None or position >= self._count:
            raise JournalPositionTakenError(position)
        frames = _scan(self._path.read_bytes()).frames
        records = [frames[place].record for place in range(self._count)]
        records[position] = record
        content = _frames(records)
        write_whole_file(self._path, content)
        # Where the new file can't be opened, nothing more is taken until `load`: the old one has no
        # name any more, and what another file gets by its number would be written over.
        old, self._file = self._file, None
        os.close(old)
        self._file = _opened(self._path, len(content))
        self._end = len(content)
        # What was replaced may not stay in the copy: it may be what a customer wants erased.
        self._close_copy()
        self._copy_path.unlink(missing_ok=True)
        _sync_folder(self._path.parent)
        self._open_copy(content, b"")

    async def amend_aside(self, amend: Callable[[bytes], bytes]) -> None:
        """Durably put what *amend* returns in the place of each file that was set aside."""
        for aside in sorted(self._path.parent.glob(f"{self._path.name}.damaged-*")):
            if aside.suffix == _FRESH:
                # The app died while it wrote this; the whole one stands beside it.
                aside.unlink(missing_ok=True)
                continue
            content = aside.read_bytes()
            amended = amend(content)
            if amended != content:
                write_whole_file(aside, amended)

    def close(self) -> None:
        """Let another process have the journal."""
        self._close_copy()
        descriptors = (self._file, self._counter, self._lock)
        self._file = self._counter = self._lock = None
        for descriptor in descriptors:
            if descriptor is not None:
                os.close(descriptor)

    def _take_lock(self) -> None:
        # A file of its own: `replace` and repairs rename over the journal itself.
        with _no_room():
            lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise JournalPositionTakenError(str(self._path)) from error
        self._lock = lock

    def _open_copy(self, content: bytes, copied: bytes) -> None:
        """Make the copy what the journal is; without room for it, the journal goes alone."""
        try:
            if copied != content:
                write_whole_file(self._copy_path, content)
            self._copy = _opened(self._copy_path, len(content))
        except StorageFullError:
            _log.warning("journal: no room for the copy")

    def _open_counter(self) -> None:
        """Count from here on; without room the journal does without, as it does without a copy."""
        with contextlib.suppress(OSError):
            self._counter = os.open(
                self._count_path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        self._write_count()

    def _write_count(self) -> None:
        if self._counter is not None:
            said = struct.pack("!4sI", _MAGIC, self._count)
            with contextlib.suppress(OSError):  # Less than there is does no harm.
                _write_all(self._counter, said + struct.pack("!I", zlib.crc32(said)), 0)

    def _close_copy(self) -> None:
        copy, self._copy = self._copy, None
        if copy is not None:
            os.close(copy)

    def _set_aside(self, content: bytes) -> None:
        """Keep what is about to be cut off or rewritten, for a person to look at."""
        ordinal = 1
        while (aside := self._path.with_name(f"{self._path.name}.damaged-{ordinal}")).exists():
            ordinal += 1
        _log.error("journal: %d bytes set aside in %s", len(content), aside.name)
        write_whole_file(aside, content)


def make_folder(folder: Path) -> None:
    """Make *folder* and those above it, durably: an fsync within it does not keep its name.

    Raises:
        StorageFullError: There is no room.
    """
    missing = [above for above in (folder, *folder.parents) if not above.exists()]
    with _no_room():
        for one in reversed(missing):
            one.mkdir(exist_ok=True)
            _sync_folder(one.parent)


def write_whole_file(path: Path, content: bytes) -> None:
    """Replace *path* durably: the old content or the new, never a mixture.

    Raises:
        StorageFullError: There is no room; the old content stays.
    """
    fresh = path.with_name(f"{path.name}{_FRESH}")
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


def _merged(journal: _Scan, copy: _Scan) -> list[bytes]:
    """Return the records by position: the journal's, else the copy's, else what is left of one."""
    last = max(journal.frames, default=-1)
    # What the copy has begun with had been in the journal, durably: it was called saved.
    begun = max(copy.frames, default=-1) + bool(copy.stray)
    count = 1 + max(last, begun, -1 if copy.torn is None else copy.torn)
    found = [
        [scan.frames[place] for scan in (journal, copy) if place in scan.frames]
        for place in range(count)
    ]
    good = [next((frame.record for frame in some if frame.is_good), None) for some in found]
    used = set(good)
    records = []
    for some, record in zip(found, good, strict=True):
        # What does not belong here may be another's record, whole; then it is there once. Of one
        # that is lost, nothing is left but its position.
        changed = (frame.record for frame in some if frame.record not in used)
        records.append(next(changed, b"") if record is None else record)
        used.add(records[-1])
    if journal.stray and count == last + 1:
        # The copy does not say what it was: it may have been called saved.
        records.append(journal.stray)
    return records


def _scan(content: bytes) -> _Scan:
    """Find the frames wherever they are: a block may be lost, moved, or there twice."""
    frames: dict[int, _Frame] = {}
    offset = end = 0
    in_order, torn = True, None
    while (offset := content.find(_MAGIC, offset)) >= 0:
        header = _header(content, offset)
        start = offset + _HEADER.size
        if header is None or start + header.length > len(content):
            torn = torn if header is None else header.position
            offset += 1
            continue
        record = content[start : start + header.length]
        frame = _Frame(record, zlib.crc32(record) == header.record_crc)
        in_order &= frame.is_good and offset == end and header.position == len(frames)
        if header.position not in frames or not frames[header.position].is_good:
            frames[header.position] = frame
        end = start + header.length
        # Within one that was changed there may be others, moved.
        offset = end if frame.is_good else offset + 1
    tail = content[end:]
    is_torn = len(tail) < _HEADER.size or not any(tail) or _header(content, end) is not None
    return _Scan(frames, end, in_order and is_torn, b"" if is_torn else tail, torn)


@dataclass(frozen=True, slots=True)
class _Header:
    position: int
    length: int
    record_crc: int


def _header(content: bytes, offset: int) -> _Header | None:
    """Return the header at *offset*, or None where there is no whole one."""
    head = content[offset : offset + _HEADER.size]
    if len(head) < _HEADER.size:
        return None
    magic, position, length, record_crc, crc = _HEADER.unpack(head)
    if magic != _MAGIC or crc != zlib.crc32(head[:-4]):
        return None
    return _Header(position, length, record_crc)


def _frame(position: int, record: bytes) -> bytes:
    head = struct.pack("!4sIII", _MAGIC, position, len(record), zlib.crc32(record))
    return head + struct.pack("!I", zlib.crc32(head)) + record


def _frames(records: list[bytes]) -> bytes:
    return b"".join(_frame(position, record) for position, record in enumerate(records))


def _counted(content: bytes) -> int:
    """Return how many records there must be; 0 when nobody knows."""
    if len(content) < _COUNT.size:
        return 0
    magic, count, crc = _COUNT.unpack_from(content)
    is_good = magic == _MAGIC and crc == zlib.crc32(content[: _COUNT.size - 4])
    return count if is_good else 0


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _opened(path: Path, end: int) -> int:
    """Open a file to write on at *end*, all before it durable."""
    with _no_room(), contextlib.ExitStack() as on_error:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        on_error.callback(os.close, descriptor)
        os.ftruncate(descriptor, end)
        os.fsync(descriptor)
        _sync_folder(path.parent)
        on_error.pop_all()
    return descriptor


@contextlib.contextmanager
def _no_room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFullError(os.strerror(error.errno or 0)) from error


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
