"""What a disk may hold after a power cut, worked out from what a program did to its files.

A `Recorder` notes each call that changes a folder. A `Disk` plays the notes up to a cut, and knows
then what an fsync has made certain and what is still on its way: `images` draws what the disk may
hold. Not synced means: kept, lost, torn at 512 bytes, or overtaken by what was written later to
another file; a name that was made, replaced or removed counts only once its folder was synced.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from tests.faults.luck import luck

__all__ = ["Disk", "Image", "Mark", "Op", "Recorder", "write_image"]

SECTOR = 512
ROOT = 0
"""The folder that was there before; what is above it is not modelled."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes put into a file."""

    inode: int
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file cut or drawn out to a size."""

    inode: int
    size: int


@dataclass(frozen=True, slots=True)
class Link:
    """A name given to a file or a folder; `source` is the name that it had before, if any."""

    folder: int
    name: str
    inode: int
    is_folder: bool = False
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Unlink:
    """A name removed."""

    folder: int
    name: str


@dataclass(frozen=True, slots=True)
class Sync:
    """An fsync of a file or a folder that has returned."""

    inode: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What the world outside the disk had been told by now."""

    told: Any


Op = Write | Truncate | Link | Unlink | Sync | Mark
Image = dict[str, bytes | None]
"""Content by path within the folder; None for a folder."""


class Recorder:
    """Notes what a program does to the files in *root* through the calls of `os`.

    Files whose name begins with one of *leave_out* are somebody else's (SQLite's).
    """

    def __init__(self, root: Path, *, leave_out: Sequence[str] = ()) -> None:
        self.root = root
        self.log: list[Op] = []
        self._leave_out = tuple(leave_out)
        self._next = ROOT + 1
        self._names: dict[Path, int] = {root: ROOT}
        self._open: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        self.after: Callable[[], None] = lambda: None
        """Called after each note."""

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Note every call of the block."""
        calls: dict[str, Callable[..., Callable[[Any], None]]] = {
            "open": self._note_open,
            "close": self._note_close,
            "write": self._note_write,
            "pwrite": self._note_pwrite,
            "fsync": self._note_sync,
            "fdatasync": self._note_sync,
            "ftruncate": self._note_truncate,
            "rename": self._note_rename,
            "replace": self._note_rename,
            "unlink": self._note_unlink,
            "remove": self._note_unlink,
            "mkdir": self._note_mkdir,
        }
        with contextlib.ExitStack() as patches:
            for name, note in calls.items():
                patches.enter_context(mock.patch.object(os, name, _noted(getattr(os, name), note)))
            yield

    def adopt(self, image: Image) -> list[Op]:
        """Know the files that *image* has put into the folder, as synced; return their notes."""
        notes: list[Op] = []
        for path in sorted(image):
            target, content = self.root / path, image[path]
            folder, inode = self._names[target.parent], self._new(target)
            notes.append(Link(folder, target.name, inode, is_folder=content is None))
            if content is not None:
                self._sizes[inode] = len(content)
                notes += [Write(inode, 0, content), Sync(inode)]
        return [
            *notes,
            *(Sync(inode) for inode in self._names.values() if self._is_folder(inode, notes)),
        ]

    @staticmethod
    def _is_folder(inode: int, notes: Sequence[Op]) -> bool:
        return inode == ROOT or any(
            isinstance(note, Link) and note.inode == inode and note.is_folder for note in notes
        )

    def mark(self, told: Any) -> None:
        """Note what the world was told."""
        self._add(Mark(told))

    def demand_complete(self) -> None:
        """Fail when the folder holds anything that was written behind the recorder's back."""
        disk = Disk()
        for op in self.log:
            disk.play(op)
        for inode in self._names.values():
            disk.play(Sync(inode))
        image = disk.durable()
        found: Image = {
            str(path.relative_to(self.root)): None if path.is_dir() else path.read_bytes()
            for path in self.root.rglob("*")
            if self._is_ours(path)
        }
        assert image == found, f"not all writes were seen: {image.keys() ^ found.keys()}"

    def _is_ours(self, path: Path) -> bool:
        return path.is_relative_to(self.root) and not path.name.startswith(self._leave_out)

    def _add(self, op: Op) -> None:
        self.log.append(op)
        self.after()

    def _new(self, path: Path) -> int:
        self._names[path] = inode = self._next
        self._next += 1
        self._sizes[inode] = 0
        return inode

    # Each is called before the true call, and returns what to do after it.

    def _note_open(self, path: Any, flags: int, *_: Any, **__: Any) -> Callable[[Any], None]:
        target = Path(os.fsdecode(path))
        if not self._is_ours(target):
            return _nothing
        is_there = os.path.lexists(target)

        def note(descriptor: int) -> None:
            if not is_there:
                inode = self._new(target)
                self._open[descriptor] = inode
                self._add(Link(self._names[target.parent], target.name, inode))
                return
            inode = self._names[target]
            self._open[descriptor] = inode
            if flags & os.O_TRUNC and self._sizes.get(inode):
                self._sizes[inode] = 0
                self._add(Truncate(inode, 0))

        return note

    def _note_close(self, descriptor: int) -> Callable[[Any], None]:
        self._open.pop(descriptor, None)
        return _nothing

    def _note_write(self, descriptor: int, _content: bytes) -> Callable[[Any], None]:
        assert descriptor not in self._open, "the client's storage writes at an offset"
        return _nothing

    def _note_pwrite(self, descriptor: int, content: bytes, offset: int) -> Callable[[Any], None]:
        inode = self._open.get(descriptor)
        if inode is None:
            return _nothing

        def note(written: int) -> None:
            self._sizes[inode] = max(self._sizes[inode], offset + written)
            self._add(Write(inode, offset, bytes(content[:written])))

        return note

    def _note_truncate(self, descriptor: int, size: int) -> Callable[[Any], None]:
        inode = self._open.get(descriptor)
        if inode is None or self._sizes[inode] == size:
            return _nothing

        def note(_: Any) -> None:
            self._sizes[inode] = size
            self._add(Truncate(inode, size))

        return note

    def _note_sync(self, descriptor: int) -> Callable[[Any], None]:
        inode = self._open.get(descriptor)
        return _nothing if inode is None else lambda _: self._add(Sync(inode))

    def _note_rename(self, source: Any, target: Any, **_: Any) -> Callable[[Any], None]:
        before, after = Path(os.fsdecode(source)), Path(os.fsdecode(target))
        if not self._is_ours(after):
            return _nothing
        assert before.parent == after.parent, "renames stay in their folder"

        def note(_: Any) -> None:
            inode = self._names.pop(before)
            self._names[after] = inode
            self._add(Link(self._names[after.parent], after.name, inode, source=before.name))

        return note

    def _note_unlink(self, path: Any, **_: Any) -> Callable[[Any], None]:
        target = Path(os.fsdecode(path))
        if not self._is_ours(target) or target not in self._names:
            return _nothing

        def note(_: Any) -> None:
            self._names.pop(target)
            self._add(Unlink(self._names[target.parent], target.name))

        return note

    def _note_mkdir(self, path: Any, *_: Any, **__: Any) -> Callable[[Any], None]:
        target = Path(os.fsdecode(path))
        if not self._is_ours(target):
            return _nothing

        def note(_: Any) -> None:
            inode = self._new(target)
            self._add(Link(self._names[target.parent], target.name, inode, is_folder=True))

        return note


@dataclass(slots=True)
class _File:
    durable: bytes = b""
    pending: list[Write | Truncate] = field(default_factory=list)


@dataclass(slots=True)
class _Folder:
    durable: dict[str, int] = field(default_factory=dict)
    pending: list[Link | Unlink] = field(default_factory=list)


class _Kept:
    """What share of the pending writes arrived: the same for all, or each file's own."""

    def __init__(self, rng: random.Random, share: float | None = None) -> None:
        self._rng = rng
        self._share = share
        self._own: dict[int, float] = {}

    def share_of(self, inode: int) -> float:
        if self._share is not None:
            return self._share
        # One file is written while another waits.
        return self._own.setdefault(inode, self._rng.choice((0.0, 0.2, 0.5, 0.8, 1.0)))


class Disk:
    """What is certain by now, and what is on its way."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._folders: dict[int, _Folder] = {ROOT: _Folder()}

    def play(self, op: Op) -> None:
        """Take the next note."""
        match op:
            case Write() | Truncate():
                self._files[op.inode].pending.append(op)
            case Link():
                if op.source is None:
                    if op.is_folder:
                        self._folders[op.inode] = _Folder()
                    else:
                        self._files[op.inode] = _File()
                self._folders[op.folder].pending.append(op)
            case Unlink():
                self._folders[op.folder].pending.append(op)
            case Sync():
                self._sync(op.inode)
            case Mark():
                return

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is on its way."""
        waiting = [bool(file.pending) for file in self._files.values()]
        return not any(waiting) and not any(one.pending for one in self._folders.values())

    def durable(self) -> Image:
        """Return what is there when all that was not synced is lost."""
        return self._image(_Kept(luck(0), 0.0), luck(0), garbage=0.0)

    def images(self, rng: random.Random, count: int) -> Iterator[Image]:
        """Draw *count* images: first all lost, then all kept, then everything between."""
        if self.is_settled:
            yield self.durable()
            return
        for share in (0.0, 1.0)[:count]:
            yield self._image(_Kept(rng, share), rng, garbage=0.0)
        for _ in range(count - 2):
            yield self._image(_Kept(rng), rng, garbage=rng.choice((0.0, 0.0, 0.3)))

    def _sync(self, inode: int) -> None:
        if inode in self._files:
            file = self._files[inode]
            for op in file.pending:
                file.durable = _applied(file.durable, op)
            file.pending = []
            return
        folder = self._folders[inode]
        for change in folder.pending:
            _change(folder.durable, change)
        folder.pending = []

    def _image(self, kept: _Kept, rng: random.Random, *, garbage: float) -> Image:
        """Return one image: of what is pending, about a share by inode is kept."""
        found: Image = {}
        # A file reached by two names (its rename was lost on one side) has one content.
        contents: dict[int, bytes] = {}

        def walk(inode: int, path: str) -> None:
            folder = self._folders[inode]
            entries = dict(folder.durable)
            share = kept.share_of(inode)
            for change in folder.pending:
                if rng.random() < share:
                    _change(entries, change)
            for name, child in entries.items():
                below = f"{path}/{name}" if path else name
                if child in self._folders:
                    found[below] = None
                    walk(child, below)
                    continue
                if child not in contents:
                    contents[child] = _torn(self._files[child], kept.share_of(child), rng, garbage)
                found[below] = contents[child]

        walk(ROOT, "")
        return found


def write_image(image: Image, folder: Path) -> None:
    """Put *image* into an empty folder."""
    for path, content in image.items():
        target = folder / path
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _noted(call: Any, note: Callable[..., Callable[[Any], None]]) -> Any:
    def noted(*args: Any, **kwargs: Any) -> Any:
        then = note(*args, **kwargs)
        result = call(*args, **kwargs)
        then(result)
        return result

    return noted


def _nothing(_: Any) -> None:
    return


def _applied(content: bytes, op: Write | Truncate) -> bytes:
    if isinstance(op, Truncate):
        return content[: op.size].ljust(op.size, b"\0")
    start = content[: op.offset].ljust(op.offset, b"\0")
    return start + op.content + content[op.offset + len(op.content) :]


def _change(entries: dict[str, int], change: Link | Unlink) -> None:
    if isinstance(change, Unlink):
        entries.pop(change.name, None)
        return
    if change.source is not None and entries.get(change.source) == change.inode:
        del entries[change.source]
    entries[change.name] = change.inode


def _torn(file: _File, share: float, rng: random.Random, garbage: float) -> bytes:
    """Return a file of whose pending writes about a share of the sectors arrived.

    Where only the new size arrived, there are zeros, or what the disk held there before.
    """
    content = file.durable
    for op in file.pending:
        if isinstance(op, Truncate):
            if rng.random() < share:
                content = _applied(content, op)
            continue
        end = op.offset + len(op.content)
        if end > len(content) and rng.random() < share:
            grown = end - len(content)
            content += rng.randbytes(grown) if rng.random() < garbage else bytes(grown)
        at = op.offset
        while at < end:
            to = min(end, (at // SECTOR + 1) * SECTOR)
            if rng.random() < share:
                content = _applied(
                    content, Write(op.inode, at, op.content[at - op.offset : to - op.offset])
                )
            at = to
    return content
