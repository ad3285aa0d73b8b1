"""A phone whose storage is full, at every size: what it says, and what it keeps.

As root each size is a file system of its own in memory (tmpfs). Elsewhere the calls of `os` refuse
what would go beyond the size, which SQLite's own writes do not feel.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import random
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from client.engine import Field
from client.status import FieldState, Phase
from shared.domain.refusals import RefusedError
from shared.wire.rows import encode
from tests.client.fake_server import CODE, FakeServer
from tests.client.phone import PIN, Phone, lead
from tests.faults.day import OTHER_PIN, Promise, opened
from tests.faults.luck import luck
from tests.faults.power_cut import check_promise, check_sync
from tests.faults.report import Report, scratch_folder

__all__ = ["fill_disk"]

PAGE = 4096
FEWEST_PAGES = 4
REFUSALS = 3
"""So often is a full storage asked again."""
RECORDS_MAX = 1_000
ROOMY = 64 * 1024 * 1024
FULL = "storage-full"


def fill_disk(*, sizes: int, seed: int = 1) -> Report:
    """Live a day on *sizes* storages, each a little larger than the one before."""
    report = Report("disk full", {"sizes": sizes, "seed": seed})
    logging.disable(logging.CRITICAL)
    try:
        with scratch_folder() as folder:
            for number in range(sizes):
                if report.is_hopeless:
                    break
                pages = FEWEST_PAGES + number
                with (
                    report.trying(f"{pages} pages of {PAGE}"),
                    _limited(folder / "small", pages * PAGE, report) as grow,
                ):
                    rng = luck(seed, pages)
                    asyncio.run(_Trial(folder / "small", grow, rng, report).run())
                report.counts["sizes"] += 1
    finally:
        logging.disable(logging.NOTSET)
    return report


class _Trial:
    """One size of storage, and one person."""

    def __init__(
        self, folder: Path, grow: Callable[[], None], rng: random.Random, report: Report
    ) -> None:
        self._server = FakeServer()
        self._phone = Phone(folder / "phone", self._server)
        self._grow = grow
        self._rng = rng
        self._report = report
        self._refusals = 0
        self._saved: dict[str, Any] = {}
        self._started: set[str] = set()
        self._pins: tuple[str, ...] = (PIN,)

    async def run(self) -> None:
        """Live until the storage is full and a little on, then make room and look."""
        try:
            await self._live()
            self._report.counts["refusals"] += self._refusals
            self._report.counts["sizes that were full"] += self._refusals > 0
            self._phone.kill()
            self._grow()
            await self._look()
        finally:
            self._phone.kill()

    async def _live(self) -> None:
        """Do a day's work; each step either succeeds or says that the storage is full."""
        field = await self._begun()
        if field is None:
            return
        number = 0
        while self._refusals < REFUSALS and number < RECORDS_MAX:
            await self._record(field, number)
            if number % 7 == 3:
                await self._sync(field)
            if number == 5 or self._refusals == 1:
                await self._change_pin(field)
            number += 1
        if (again := await self._restarted()) is not None:
            await self._record(again, number)
            await self._sync(again)

    async def _begun(self) -> Field | None:
        """Enrol and choose a PIN; without room for that, the person is told."""
        if not await self._told(self._phone.start()):
            return None
        field = self._phone.field
        if not await self._told(field.enrol(CODE, "测试机")):
            return None
        assert field.state is FieldState.PIN_NEEDED
        if not await self._told(field.set_pin(PIN)):
            return None
        return field

    async def _restarted(self) -> Field | None:
        if not await self._told(self._phone.start()):
            return None
        field = self._phone.field
        for pin in self._pins:
            try:
                return field if await self._told(field.unlock(pin)) else None
            except RefusedError as error:
                if error.slug != "pin-wrong":
                    raise
        raise AssertionError("no PIN opens the phone")

    async def _record(self, field: Field, number: int) -> None:
        args = lead(field, f"客户{number}", note="瓜熟" * self._rng.randrange(1, 80))
        draft = {"note": args.note}
        field.drafts.keep("lead", draft)
        self._started.add(args.id)
        if await self._told(field.record("submit_referral", args, draft="lead")):
            self._saved[args.id] = encode(args)
            return
        kept = field.drafts.get("lead")
        assert kept is not None, "what was typed is gone"
        assert kept.values == draft, "what was typed was changed"

    async def _sync(self, field: Field) -> None:
        status = await field.sync_now()
        if status.phase is Phase.PAUSED and status.pause_slug == FULL:
            self._refusals += 1
        else:
            assert status.phase is Phase.IDLE, f"the sync ends in {status.phase}"

    async def _change_pin(self, field: Field) -> None:
        (old,) = self._pins
        new = OTHER_PIN if old == PIN else PIN
        if await self._told(field.change_pin(old, new)):
            self._pins = (new,)
        # Refused, the PIN is as it was.

    async def _told(self, step: Awaitable[Any]) -> bool:
        """Tell whether *step* succeeded; it may only fail with a word that is about room."""
        try:
            await step
        except RefusedError as error:
            if error.slug not in {FULL, "pin-wait-full"}:
                raise
            self._refusals += 1
            return False
        return True

    async def _look(self) -> None:
        """There is room again: all that was saved is there, and the day goes on."""
        promise = Promise(
            enrolled=bool(self._saved),
            pins=self._pins if self._saved else (*self._pins, ""),
            saved=self._saved,
            started=frozenset(self._started - self._saved.keys()),
        )
        field = await opened(self._phone, promise)
        if field is None:
            field = self._phone.field
            if field.state is FieldState.NOT_ENROLLED:
                await field.enrol(CODE, "测试机")
            await field.set_pin(PIN)
        check_promise(field, promise)
        args = lead(field, "有空间了")
        await field.record("submit_referral", args)
        self._report.counts["resumed"] += 1
        after = Promise(saved={**self._saved, args.id: encode(args)}, started=promise.started)
        await check_sync(field, self._server, after)
        self._report.counts["saved records found"] += len(self._saved)
        await field.stop()


@contextlib.contextmanager
def _limited(folder: Path, size: int, report: Report) -> Iterator[Callable[[], None]]:
    """Give a folder with room for *size* bytes, and what makes it roomy."""
    folder.mkdir()
    mounted = os.geteuid() == 0 and _mount(folder, f"size={size}")
    report.counts["file systems of their own" if mounted else "simulated quotas"] += 1
    try:
        if mounted:
            yield lambda: _remount(folder)
        else:
            with _quota(folder, size) as grow:
                yield grow
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder)


def _mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "liandong-faults", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def _remount(folder: Path) -> None:
    subprocess.run(["mount", "-o", f"remount,size={ROOMY}", str(folder)], check=True)


@contextlib.contextmanager
def _quota(folder: Path, size: int) -> Iterator[Callable[[], None]]:
    """Refuse what would make the files in *folder* larger than *size* together."""
    room = [size]
    calls = {name: getattr(os, name) for name in ("open", "pwrite", "mkdir")}

    def used() -> int:
        # Each name takes a block, as in most file systems.
        return sum(
            -(-path.stat().st_size // PAGE) * PAGE + PAGE
            for path in folder.rglob("*")
            if path.exists()
        )

    def demand_room(more: int) -> None:
        if used() + more > room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def opened_within(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & os.O_CREAT and Path(path).is_relative_to(folder) and not Path(path).exists():
            demand_room(PAGE)
        descriptor: int = calls["open"](path, flags, *args, **kwargs)
        return descriptor

    def written_within(descriptor: int, content: bytes, offset: int) -> int:
        demand_room(len(content))
        written: int = calls["pwrite"](descriptor, content, offset)
        return written

    with (
        mock.patch.object(os, "open", opened_within),
        mock.patch.object(os, "pwrite", written_within),
    ):
        yield lambda: room.__setitem__(0, ROOMY)
