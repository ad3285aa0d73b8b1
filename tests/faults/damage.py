"""Stores that were spoilt while nobody looked: flipped, cut, wiped, swapped, doubled, deleted."""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from client.device.journal_file import _HEADER, _scan
from client.engine import Field
from client.status import FieldState, OutboxState, Phase
from client.store.outbox import LOST_RECORD
from shared.domain.referral import Referral
from shared.domain.refusals import RefusedError
from tests.client.fake_server import POSTMAN, FakeServer
from tests.client.phone import Phone
from tests.faults.day import Day, Promise, ServerState, recorded, server_in, server_state
from tests.faults.luck import luck
from tests.faults.report import Report, scratch_folder

__all__ = ["damage_stores"]

BASES = 12
"""Different days that are spoilt in turn, each again and again."""
NEXT_CODE = "NEXT2345EFGH"
JOURNALS = ("journal", "journal-copy")
REPLICAS = ("replica.sqlite3", "replica.sqlite3-wal")

Damage = Callable[[bytes, random.Random], bytes | None]


def damage_stores(*, stores: int, seed: int = 1) -> Report:
    """Spoil *stores* stores, one way each, and open them."""
    report = Report("damage", {"stores": stores, "seed": seed})
    logging.disable(logging.CRITICAL)
    try:
        with scratch_folder() as folder:
            bases = [_base(folder / f"base-{number}", seed + number) for number in range(BASES)]
            for number in range(stores):
                if report.is_hopeless:
                    break
                rng = luck(seed, number)
                base = bases[number % len(bases)]
                trial = folder / "trial"
                shutil.rmtree(trial, ignore_errors=True)
                shutil.copytree(base.folder, trial)
                spoilt = _spoil(trial, rng)
                report.counts["stores"] += 1
                with report.trying(f"seed {seed}, store {number}, {spoilt.text}"):
                    asyncio.run(_Trial(trial, base, spoilt, report).run())
    finally:
        logging.disable(logging.NOTSET)
    return report


@dataclass(frozen=True, slots=True)
class _Base:
    """A sound store, what it promised, and the server of that time."""

    folder: Path
    promise: Promise
    server: ServerState
    like: FakeServer


def _base(folder: Path, seed: int) -> _Base:
    """Live a day; half of the phones are closed at its end, the others die with all in use."""
    day = Day(folder, luck(seed), acts=20)

    async def live() -> None:
        field = await day.live()
        await day.record()
        if seed % 2:
            await field.stop()
        else:
            # SQLite folds its log into the database when it is closed; a dying phone does not.
            wal = folder / REPLICAS[1]
            kept = {path: path.read_bytes() for path in (folder / REPLICAS[0], wal)}
            await field.stop()
            for path, content in kept.items():
                path.write_bytes(content)

    asyncio.run(live())
    day.phone.kill()
    for path in (folder / "journal.lock", folder / f"{REPLICAS[0]}-shm"):
        path.unlink(missing_ok=True)
    # Meanwhile others work: a cursor that points too far would miss this.
    ours = [row for _, row in day.server.rows.values() if row is not None]
    day.server.put(*ours[-3:])
    return _Base(folder, day.promise, server_state(day.server), day.server)


@dataclass(slots=True)
class _Trial:
    """One spoilt store, opened as its person would."""

    folder: Path
    base: _Base
    spoilt: _Spoilt
    report: Report

    async def run(self) -> None:
        server = server_in(self.base.server, self.base.like)
        server.people = {**server.people, NEXT_CODE: POSTMAN}
        phone = Phone(self.folder, server)
        try:
            field = await self._opened(phone)
            if field is None:
                self._demand_sealed_queue()
                self.report.counts["sealed, to be recovered by a person"] += 1
                return
            whole = self._check_queue(field)
            await self._check_sync(field, server)
            self.report.counts["whole" if whole else "damage reported"] += 1
            await field.stop()
        finally:
            phone.kill()

    async def _opened(self, phone: Phone) -> Field | None:
        field = await phone.start()
        if field.state is FieldState.NOT_ENROLLED:
            assert self.spoilt.is_double, "one damaged file costs the enrolment"
            self._demand_sealed_queue()
            await field.enrol(NEXT_CODE, "测试机")
            self.report.counts["enrolled anew"] += 1
        assert field.state is FieldState.LOCKED, f"the phone stands at {field.state}"
        (pin,) = self.base.promise.pins
        for _ in range(2):
            try:
                await field.unlock(pin)
            except RefusedError as error:
                if error.slug == "pin-wait":
                    phone.clock.pass_s(int(str(error.facts["wait_s"])))
                    continue
                if error.slug != "vault-damaged" or not self.spoilt.is_double:
                    raise
                return None
            break
        assert field._session is not None
        await field._session._opening
        return field

    def _demand_sealed_queue(self) -> None:
        """What can't be opened here must be there for whoever can."""
        before, now = (
            {
                frame.record
                for name in JOURNALS
                if (folder / name).exists()
                for frame in _scan((folder / name).read_bytes()).frames.values()
                if frame.is_good
            }
            for folder in (self.base.folder, self.folder)
        )
        assert before <= now or self.spoilt.names & {*JOURNALS}, "sealed records are gone"

    def _check_queue(self, field: Field) -> bool:
        """Tell whether all that was saved is there.

        Raises:
            AssertionError: Something is gone or changed, and nobody is told.
        """
        promise = self.base.promise
        found = recorded(field)
        for row_id, args in promise.saved.items():
            assert row_id not in found or found[row_id][1] == args, f"{row_id} was changed"
        assert found.keys() <= promise.saved.keys(), "nobody recorded this"
        outbox = field._open.holdings.outbox
        records = [*(entry.record for entry in outbox.entries.values()), *outbox.foreign.values()]
        erased = sum(record is not None and record.is_erased for record in records)
        missing = promise.saved.keys() - found.keys()
        at_server = {row_id for _, row_id in self.base.server.rows}
        unsent = missing - at_server
        if not promise.saved.keys() & at_server & found.keys():
            # Enrolled anew, the phone takes along what no server had answered, and no more.
            missing = unsent
        told = [item for item in field.outbox() if item.state is OutboxState.DAMAGED]
        assert len(unsent) <= len(told), f"{len(unsent)} lost, {len(told)} reported"
        assert len(missing) - erased <= 0 or field.status.damaged, "lost, and nobody is told"
        if not self.spoilt.names >= {*JOURNALS}:
            assert len(missing) <= erased, "one file was spoilt, and the queue is not whole"
        if not self.spoilt.names & {*JOURNALS}:
            assert not told, "the journal is sound, and a record is called lost"
            assert field.status.damaged == 0, "the journal is sound, and called damaged"
        self.report.counts["false alarms"] += len(told) > len(unsent)
        return len(missing) <= erased

    async def _check_sync(self, field: Field, server: FakeServer) -> None:
        status = await field.sync_now()
        assert status.phase is Phase.IDLE, f"the sync ends in {status.phase}: {status.pause_slug}"
        assert status.waiting == 0
        promise = self.base.promise
        at_server = {row.id: row for row in server.where(Referral)}
        lost = promise.saved.keys() - at_server.keys()
        told = [item for item in field.outbox() if item.state is OutboxState.DAMAGED]
        assert len(lost) <= len(told), f"{len(lost)} lost, {len(told)} reported"
        if lost:
            assert field.status.needs_me >= len(lost)
            assert any(LOST_RECORD in str(request["ops"]) for request in server.requests)
        assert at_server.keys() <= promise.saved.keys(), "on the server and recorded by nobody"
        here = {row.id: row for row in field.world.where(Referral)}
        assert here == at_server, "the phone's copy differs from the server's rows"
        held = {row_id: v for (_, row_id), (v, _) in field._open.holdings.replica._known.items()}
        theirs = {row_id: v for (_, row_id), (v, row) in server.rows.items() if row is not None}
        assert held == theirs, "the phone missed a change"
        self.report.counts["rebuilt replicas"] += any(
            request["cursors"] == {} for request in server.requests if "cursors" in request
        )


@dataclass(frozen=True, slots=True)
class _Spoilt:
    """What was done to a store."""

    names: frozenset[str]
    text: str

    @property
    def is_double(self) -> bool:
        return len(self.names) > 1


def _spoil(folder: Path, rng: random.Random) -> _Spoilt:
    """Damage one file, seldom two."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*"))
             if path.is_file()}  # fmt: skip
    settings = [name for name in files if name.startswith("settings")]
    others = [name for name in files if name.startswith("keys")]
    replicas = [name for name in REPLICAS if name in files]
    double: dict[str, Callable[[], _Spoilt]] = {
        "both journals": lambda: _spoiled(files, JOURNALS, rng, ALL),
        "both journals alike": lambda: _cut_alike(files, rng),
        "two settings": lambda: _spoiled(files, rng.sample([*settings, *others], 2), rng, ALL),
        "exchanged": lambda: _exchanged(files, *rng.sample(settings, 2)),
        "journal and another": lambda: _spoiled(
            files, (rng.choice(JOURNALS), rng.choice([*settings, *replicas])), rng, ALL
        ),
    }
    single: dict[str, Callable[[], _Spoilt]] = {
        "journal": lambda: _spoiled(files, JOURNALS[:1], rng, ALL),
        "copy": lambda: _spoiled(files, JOURNALS[1:], rng, ALL),
        "count": lambda: _spoiled(files, ("journal-count",), rng, ALL),
        "setting": lambda: _spoiled(files, (rng.choice(settings),), rng, ALL),
        "secrets": lambda: _spoiled(files, (rng.choice(others),), rng, ALL),
        "replica": lambda: _spoiled(files, (rng.choice(replicas),), rng, ALL),
        "number": lambda: _spoiled(files, (rng.choice([*settings, *others]),), rng, [other_digit]),
        "cursor": lambda: _spoiled(files, REPLICAS[:1], rng, [flipped_cursor]),
    }
    shares = (8, 4, 5, 5, 5, 21, 6, 2, 15, 5, 15, 5, 4)
    (spoil,) = rng.choices([*double.values(), *single.values()], shares)
    return spoil()


def _spoiled(
    files: Mapping[str, Path], names: Sequence[str], rng: random.Random, kinds: list[Damage]
) -> _Spoilt:
    told = []
    for name in names:
        damage = rng.choice(kinds)
        content = files[name].read_bytes()
        spoilt = damage(content, rng)
        if spoilt is None:
            files[name].unlink()
        else:
            files[name].write_bytes(spoilt)
        told.append(f"{name}: {damage.__name__}")
    return _Spoilt(frozenset(names), ", ".join(told))


def _cut_alike(files: Mapping[str, Path], rng: random.Random) -> _Spoilt:
    """Cut both journals at the same record: neither can tell of what the other has lost."""
    frames = _frames(files["journal"].read_bytes())
    left = b"".join(frames[: rng.randrange(len(frames))])
    for name in JOURNALS:
        files[name].write_bytes(left)
    return _Spoilt(frozenset(JOURNALS), f"both journals: cut at {len(left)}")


def _exchanged(files: Mapping[str, Path], first: str, second: str) -> _Spoilt:
    one, other = files[first].read_bytes(), files[second].read_bytes()
    files[first].write_bytes(other)
    files[second].write_bytes(one)
    return _Spoilt(frozenset((first, second)), f"{first} and {second}: exchanged")


# --- Ways to spoil bytes ------------------------------------------------------------------------


def flipped_bit(content: bytes, rng: random.Random) -> bytes:
    if not content:
        return b"?"
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]


def flipped_bits(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randrange(2, 9)):
        content = flipped_bit(content, rng)
    return content


def cut_short(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def cut_in_front(content: bytes, rng: random.Random) -> bytes:
    return content[rng.randrange(len(content) + 1) :]


def emptied(_content: bytes, _rng: random.Random) -> bytes:
    return b""


def deleted(_content: bytes, _rng: random.Random) -> None:
    return None


def zeroed_page(content: bytes, rng: random.Random) -> bytes:
    return _with_block(content, rng, bytes)


def garbage_page(content: bytes, rng: random.Random) -> bytes:
    return _with_block(content, rng, rng.randbytes)


def doubled_block(content: bytes, rng: random.Random) -> bytes:
    start, end = _block(content, rng)
    return content[:end] + content[start:]


def swapped_blocks(content: bytes, rng: random.Random) -> bytes:
    (a, b), (c, d) = sorted((_block(content, rng), _block(content, rng)))
    if b > c:
        return content[c:] + content[:c]
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def swapped_records(content: bytes, rng: random.Random) -> bytes:
    frames = _frames(content)
    if len(frames) < 2:
        return swapped_blocks(content, rng)
    one, other = rng.sample(range(len(frames)), 2)
    frames[one], frames[other] = frames[other], frames[one]
    return b"".join(frames)


def swapped_bodies(content: bytes, rng: random.Random) -> bytes:
    """Two records change places, and their headers stay."""
    frames = _frames(content)
    if len(frames) < 2:
        return swapped_blocks(content, rng)
    one, other = rng.sample(range(len(frames)), 2)
    head = _HEADER.size
    frames[one], frames[other] = (
        frames[one][:head] + frames[other][head:],
        frames[other][:head] + frames[one][head:],
    )
    return b"".join(frames)


def wrong_length(content: bytes, rng: random.Random) -> bytes:
    """A number that says how long something is says something else."""
    frames = _frames(content)
    at = rng.randrange(len(content) + 1)
    if frames:
        at = sum(map(len, frames[: rng.randrange(len(frames))])) + 8
    return content[:at] + rng.randrange(2**32).to_bytes(4) + content[at + 4 :]


def longer(content: bytes, rng: random.Random) -> bytes:
    return content + rng.choice((bytes(300), rng.randbytes(300), content[:300]))


def flipped_cursor(content: bytes, rng: random.Random) -> bytes:
    """A digit of how far the replica has come is another digit."""
    at = content.rfind(b'{"county:1": ')
    if at < 0:
        return flipped_bit(content, rng)
    at += len(b'{"county:1": ')
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(3)]) + content[at + 1 :]


def other_digit(content: bytes, rng: random.Random) -> bytes:
    """A number is another number, and all is as well-formed as before."""
    digits = [at for at, byte in enumerate(content) if chr(byte).isdigit()]
    if not digits:
        return flipped_bit(content, rng)
    at = rng.choice(digits)
    return content[:at] + str((content[at] - 47) % 10).encode() + content[at + 1 :]


LOCAL: list[Damage] = [flipped_bit, flipped_bits, wrong_length, swapped_bodies]
ALL: list[Damage] = [
    *LOCAL,
    cut_short,
    cut_in_front,
    emptied,
    deleted,
    zeroed_page,
    garbage_page,
    doubled_block,
    swapped_blocks,
    swapped_records,
    longer,
]


def _frames(content: bytes) -> list[bytes]:
    """Return a journal's frames, headers and all; none of another file."""
    frames = []
    offset = 0
    while offset + _HEADER.size <= len(content) and content[offset : offset + 4] == b"LDjg":
        length = _HEADER.unpack_from(content, offset)[2]
        end = offset + _HEADER.size + length
        frames.append(content[offset:end])
        offset = end
    return frames


def _block(content: bytes, rng: random.Random) -> tuple[int, int]:
    size = rng.choice((64, 512, 4096))
    start = rng.randrange(max(1, len(content))) // size * size
    return start, min(len(content), start + size)


def _with_block(content: bytes, rng: random.Random, made: Callable[[int], bytes]) -> bytes:
    start, end = _block(content, rng)
    return content[:start] + made(end - start) + content[end:]
