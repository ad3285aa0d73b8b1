"""A power cut at every write and fsync of the phone's storage."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from client.engine import Field
from client.status import OutboxState, Phase
from client.store.outbox import LOST_RECORD
from shared.domain.referral import Referral
from tests.client.fake_server import FakeServer
from tests.client.phone import Phone
from tests.faults.day import Day, Promise, ServerState, opened, recorded, server_in
from tests.faults.disk import Disk, Image, Mark, Op, Recorder, write_image
from tests.faults.luck import luck
from tests.faults.report import Report, scratch_folder

__all__ = ["cut_power"]

PHONE = "phone"
REPLICA = "replica.sqlite3"
LOCK = "journal.lock"
ACTS = 14
SYNCED_EVERY = 6
"""Of the images, this share is also synced with the server and compared with it."""
CUT_AGAIN_EVERY = 200
"""Of the images, this share loses its power a second time while it recovers."""

_ReplicaFiles = tuple[bytes | None, bytes | None]


@dataclass(frozen=True, slots=True)
class _Told:
    """All that was known outside the phone at one moment."""

    promise: Promise
    server: ServerState


def cut_power(*, images: int, seed: int = 1, variants: int = 24) -> Report:
    """Check *images* images, from as many days as that takes, *variants* at each write or fsync."""
    report = Report("power cut", {"images": images, "seed": seed})
    # Thousands of warnings about what is meant to happen would hide the report.
    logging.disable(logging.CRITICAL)
    try:
        with scratch_folder() as folder:
            number = 0
            while report.counts["images"] < images and not report.is_hopeless:
                _cut_one_day(folder, seed * 100_000 + number, variants, images, report)
                number += 1
                report.counts["days"] = number
    finally:
        logging.disable(logging.NOTSET)
    return report


def _cut_one_day(folder: Path, seed: int, variants: int, images: int, report: Report) -> None:
    rng = luck(seed)
    before = folder / f"day-{seed}"
    before.mkdir()
    watch = _Watch(before)
    day = Day(before / PHONE, rng, acts=ACTS)
    day.told = lambda promise, server: watch.recorder.mark(_Told(promise, server))
    with watch.watching():
        asyncio.run(day.live())
    day.phone.kill()
    watch.recorder.demand_complete()
    shutil.rmtree(before)

    images_of_day = _Images(watch, rng, variants)
    seen: set[tuple[bytes, int]] = set()
    for at, image, told in images_of_day:
        key = _digest(image), id(told)
        if key in seen:
            continue
        seen.add(key)
        number = report.counts["images"]
        if number >= images or report.is_hopeless:
            return
        report.counts["images"] += 1
        trial = _Trial(folder / "trial", image, told, day.server, report)
        with report.trying(f"seed {seed}, cut after {at} steps, image {number}"):
            trial.run(synced=number % SYNCED_EVERY == 0)
            if number % CUT_AGAIN_EVERY == 0:
                _cut_again(folder / "again", image, told, day.server, rng, report)
    report.counts["steps"] += images_of_day.steps


class _Watch:
    """Notes what the phone does to its files, and what SQLite's files looked like meanwhile."""

    def __init__(self, root: Path) -> None:
        self.recorder = Recorder(root, leave_out=(REPLICA, LOCK))
        self.replicas: dict[int, _ReplicaFiles] = {}
        self._path = root / PHONE / REPLICA
        self._stamps: object = None

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        self.recorder.after = self._look
        with self.recorder.recording():
            yield

    def _look(self) -> None:
        wal = self._path.with_name(f"{REPLICA}-wal")
        stamps = [_stamp(self._path), _stamp(wal)]
        if stamps != self._stamps:
            self._stamps = stamps
            self.replicas[len(self.recorder.log)] = (_content(self._path), _content(wal))


class _Images:
    """The images of one day: after each step of the log, and of what SQLite had then."""

    def __init__(self, watch: _Watch, rng: random.Random, variants: int) -> None:
        self._watch = watch
        self._rng = rng
        self._variants = variants
        self.steps = 0

    def __iter__(self) -> Iterator[tuple[int, Image, _Told]]:
        disk = Disk()
        told: _Told | None = None
        now: _ReplicaFiles = (None, None)
        earlier = now
        for at, op in enumerate(self._watch.recorder.log, start=1):
            disk.play(op)
            if at in self._watch.replicas:
                earlier, now = now, self._watch.replicas[at]
            if isinstance(op, Mark):
                told = op.told
            assert told is not None, "the first note is a promise"
            # A promise changes nothing on the disk, but what may be missing from it.
            count = min(3, self._variants) if isinstance(op, Mark) else self._variants
            self.steps += not isinstance(op, Mark)
            for image in disk.images(self._rng, count):
                image.update(_replica_image(image, earlier, now, self._rng))
                yield at, image, told


@dataclass(slots=True)
class _Trial:
    """One image, started anew."""

    folder: Path
    image: Image
    told: _Told
    like: FakeServer
    report: Report

    def run(self, *, synced: bool) -> None:
        """Open the phone on the image, and hold it to its promises."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        write_image(self.image, self.folder)
        phone = Phone(self.folder / PHONE, server_in(self.told.server, self.like))
        try:
            asyncio.run(self._open(phone, synced=synced))
        finally:
            phone.kill()

    async def _open(self, phone: Phone, *, synced: bool) -> None:
        field = await opened(phone, self.told.promise)
        self.report.counts["opened"] += field is not None
        if field is None:
            assert not self.told.promise.saved, "what was saved can't be reached"
            return
        check_promise(field, self.told.promise)
        self.report.counts["saved records found"] += len(self.told.promise.saved)
        self.report.counts["false alarms"] += field.status.damaged
        if synced:
            await check_sync(field, phone.http, self.told.promise)  # type: ignore[arg-type]
            self.report.counts["synced"] += 1
        await field.stop()


def check_promise(field: Field, promise: Promise) -> None:
    """Hold an open phone to what it had promised: all of it, and nothing else.

    Raises:
        AssertionError: Something that was called saved is missing, changed, or came from nowhere.
    """
    found = recorded(field)
    entries = field._open.holdings.outbox.entries
    for row_id, args in promise.saved.items():
        assert row_id not in found or found[row_id][1] == args, f"{row_id} was changed"
    strangers = found.keys() - promise.saved.keys() - promise.started
    assert not strangers, f"nobody recorded {strangers}"
    missing = promise.saved.keys() - found.keys()
    erased = [
        seq
        for seq in promise.erased | promise.erasing
        if (record := entries[seq].record) is not None and record.is_erased
    ]
    assert len(missing) <= len(erased), f"saved and lost: {sorted(missing)}"
    for seq in promise.erased:
        record = entries[seq].record
        assert record is not None, f"op {seq} was erased and is damaged"
        assert record.is_erased, f"op {seq} was erased and is back"
    if promise.draft is not None:
        draft = field.drafts.get("lead")
        assert draft is not None, "the draft is lost"
        assert draft.values == {"note": promise.draft}, "the draft was changed"


async def check_sync(field: Field, server: FakeServer, promise: Promise) -> None:
    """Sync, and compare both sides: what was saved is there, once, and both hold the same.

    Raises:
        AssertionError: They differ.
    """
    status = await field.sync_now()
    assert status.phase is Phase.IDLE, f"the sync ends in {status.phase}: {status.pause_slug}"
    assert status.waiting == 0
    at_server = {row.id: row for row in server.where(Referral)}
    lost = promise.saved.keys() - at_server.keys()
    assert not lost, f"saved and not on the server: {lost}"
    phantoms = at_server.keys() - promise.saved.keys() - promise.started
    assert not phantoms, f"on the server and recorded by nobody: {phantoms}"
    here = {row.id: row for row in field.world.where(Referral)}
    assert here == at_server, "the phone's copy differs from the server's rows"
    states = {item.state for item in field.outbox() if item.name != LOST_RECORD}
    assert states <= {OutboxState.OK}, f"refused or open: {states}"


def _cut_again(  # noqa: PLR0913, PLR0917
    folder: Path, image: Image, told: _Told, like: FakeServer, rng: random.Random, report: Report
) -> None:
    """Let the power go once more while the phone recovers from *image*."""
    before = folder / "before"
    shutil.rmtree(folder, ignore_errors=True)
    before.mkdir(parents=True)
    write_image(image, before)
    watch = _Watch(before)
    base = _adopt(watch.recorder, image)
    phone = Phone(before / PHONE, server_in(told.server, like))
    with watch.watching():
        asyncio.run(_start(phone, told.promise))
    phone.kill()
    disk = Disk()
    for op in base:
        disk.play(op)
    steps = 0
    for op in watch.recorder.log:
        disk.play(op)
        steps += 1
        for second in disk.images(rng, 3):
            second.update({path: image[path] for path in image if REPLICA in path})
            report.counts["images"] += 1
            report.counts["second cuts"] += 1
            _Trial(folder / "trial", second, told, like, report).run(synced=False)
    report.counts["steps"] += steps


async def _start(phone: Phone, promise: Promise) -> None:
    field = await opened(phone, promise)
    if field is not None:
        await field.stop()


def _adopt(recorder: Recorder, image: Image) -> list[Op]:
    """Make the recorder know the files of *image*; return the notes of a disk that holds them."""
    return recorder.adopt({path: image[path] for path in image if REPLICA not in path})


def _replica_image(
    image: Image, earlier: _ReplicaFiles, now: _ReplicaFiles, rng: random.Random
) -> Image:
    """Return SQLite's files: main file and log torn between two states, cut, or lost.

    More than SQLite's syncs allow: for a cache, any damage must be as good as none.
    """
    if image.get(PHONE, b"") is not None:
        return {}
    (main_before, wal_before), (main, wal) = earlier, now
    draw = rng.random()
    if draw < 0.3:
        kept = main, wal
    elif draw < 0.5:
        kept = main, None if wal is None else wal[: rng.randrange(len(wal) + 1)]
    elif draw < 0.7:
        kept = main, _mixed(wal_before, wal, rng)
    elif draw < 0.8:
        kept = _mixed(main_before, main, rng), wal
    elif draw < 0.9:
        kept = main, None
    else:
        kept = earlier
    names = f"{PHONE}/{REPLICA}", f"{PHONE}/{REPLICA}-wal"
    return {name: content for name, content in zip(names, kept, strict=True) if content is not None}


def _mixed(before: bytes | None, now: bytes | None, rng: random.Random) -> bytes | None:
    if now is None:
        return before
    old = (before or b"").ljust(len(now), b"\0")
    return b"".join(
        (now if rng.random() < 0.7 else old)[at : at + 512] for at in range(0, len(now), 512)
    )


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _digest(image: Image) -> bytes:
    digest = hashlib.blake2b(digest_size=12)
    for path in sorted(image):
        digest.update(path.encode() + b"\0" + (image[path] or b"") + b"\1")
    return digest.digest()
