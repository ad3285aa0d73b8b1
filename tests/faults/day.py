"""A postman's day on one phone, drawn from a seed, with a note of what the screen promised.

The phone is the real engine on real files; the server is `tests.client.fake_server`, which runs
the real rules and signs real receipts.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from client.device import HttpReply
from client.device.journal_file import _scan
from client.engine import Field
from client.status import FieldState
from client.store.record import RecordKind, decode_record, encode_record
from shared.domain.refusals import RefusedError
from shared.wire.rows import encode
from tests.client.fake_server import CODE, FakeServer
from tests.client.phone import PIN, Phone, lead

__all__ = ["Day", "Promise", "ServerState", "opened", "recorded", "server_in"]

OTHER_PIN = "135791"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the person has been told so far, and so counts on.

    Attributes:
        enrolled: The phone said that it is enrolled.
        pins: PINs of which one must open the phone; two while it is being changed.
        saved: Arguments of what was called saved, by the object's id.
        started: Ids of what was being saved: it may be there or not.
        erased: Sequences whose body was destroyed.
        erasing: Sequences whose body was just being destroyed: it may be there or not.
        draft: What the form `lead` must still hold.
    """

    enrolled: bool = False
    pins: tuple[str, ...] = ()
    saved: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    started: frozenset[str] = frozenset()
    erased: frozenset[int] = frozenset()
    erasing: frozenset[int] = frozenset()
    draft: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """What the server knew at some moment."""

    devices: dict[int, Any]
    ops: dict[int, dict[int, Any]]
    rows: dict[tuple[str, str], Any]
    version: int


def server_state(server: FakeServer) -> ServerState:
    return ServerState(
        devices=dict(server.devices),
        ops={number: dict(ops) for number, ops in server.ops.items()},
        rows=dict(server.rows),
        version=server.version,
    )


def server_in(state: ServerState, like: FakeServer) -> FakeServer:
    """Return a server with the key of *like* that knows what *state* says."""
    server = copy.copy(like)
    vars(server).pop("post", None)  # The day's own, which takes notes.
    server.devices = dict(state.devices)
    server.ops = {number: dict(ops) for number, ops in state.ops.items()}
    server.rows = dict(state.rows)
    server.version = state.version
    server.reachable = True
    server.requests, server.headers = [], []
    return server


class Day:
    """One phone, what it was promised, and the server; *told* hears of every new promise."""

    def __init__(self, folder: Path, rng: random.Random, *, acts: int) -> None:
        self.server = FakeServer()
        self.phone = Phone(folder, self.server)
        self.promise = Promise()
        self.told: Callable[[Promise, ServerState], None] = lambda *_: None
        self._rng = rng
        self._acts = acts
        self._leads = 0
        self._post = self.server.post
        self.server.post = self._noted_post  # type: ignore[method-assign]

    async def live(self) -> Field:
        """Enrol, then do what the seed says; return the phone, still open."""
        await self.enrol()
        for _ in range(self._acts):
            names = ("record",) * 8 + ("sync",) * 3 + ("draft", "restart", "pin", "erase", "news")
            await getattr(self, self._rng.choice(names))()
        return self.phone.field

    async def enrol(self) -> None:
        self._tell()
        field = await self.phone.start()
        field.subscribe(self._tell)
        await field.enrol(CODE, "测试机")
        self._promise(enrolled=True, pins=(PIN, ""))
        await field.set_pin(PIN)
        self._promise(pins=(PIN,))

    async def record(self) -> None:
        field = self.phone.field
        self._leads += 1
        note = "瓜熟" * self._rng.choice((0, 1, 5, 40))
        args = lead(field, f"客户{self._leads}", note=note or None)
        self._promise(started=self.promise.started | {args.id})
        draft = "lead" if self.promise.draft is not None and self._rng.random() < 0.5 else None
        if draft is not None:
            self._promise(draft=None)
        await field.record("submit_referral", args, draft=draft)
        self._promise(
            saved={**self.promise.saved, args.id: encode(args)},
            started=self.promise.started - {args.id},
        )

    async def sync(self) -> None:
        self.server.reachable = self._rng.random() < 0.8
        await self.phone.field.sync_now()
        self.server.reachable = True

    async def draft(self) -> None:
        drafts = self.phone.field.drafts
        text = f"草稿{self._leads}"
        self._promise(draft=None)
        drafts.keep("lead", {"note": text})
        await drafts.flush()
        self._promise(draft=text)

    async def restart(self) -> None:
        if self._rng.random() < 0.5:
            await self.phone.field.stop()
        field = await self.phone.start()
        field.subscribe(self._tell)
        await field.unlock(self.promise.pins[0])

    async def pin(self) -> None:
        (old,) = self.promise.pins
        new = OTHER_PIN if old == PIN else PIN
        self._promise(pins=(old, new))
        await self.phone.field.change_pin(old, new)
        self._promise(pins=(new,))

    async def erase(self) -> None:
        """Destroy the body of an answered op, as an erasure order does."""
        outbox = self.phone.field._open.holdings.outbox
        answered = [
            entry
            for entry in outbox.entries.values()
            if entry.is_answered and entry.seq not in self.promise.erased
        ]
        if not answered:
            return
        entry = self._rng.choice(answered)
        assert entry.record is not None
        journal = self.phone.device.journal
        self._promise(erasing=frozenset({entry.seq}))
        position = _position_of(self.phone, entry.seq)
        await journal.replace(position, encode_record(entry.record.erased()))
        entry.record, entry.op = entry.record.erased(), None
        self._promise(erased=self.promise.erased | {entry.seq}, erasing=frozenset())

    async def news(self) -> None:
        """Somebody else's work changes a row on the server."""
        ours = [row for _, row in self.server.rows.values() if row is not None]
        self.server.put(self._rng.choice(ours))
        self._tell()

    def _promise(self, **changes: Any) -> None:
        self.promise = replace(self.promise, **changes)
        self._tell()

    def _tell(self) -> None:
        self.told(self.promise, server_state(self.server))

    async def _noted_post(self, *args: Any, **kwargs: Any) -> HttpReply:
        reply = await self._post(*args, **kwargs)
        self._tell()
        return reply


def _position_of(phone: Phone, seq: int) -> int:
    for position, frame in _scan((phone.folder / "journal").read_bytes()).frames.items():
        record = decode_record(frame.record)
        if record.kind is RecordKind.OP and record.seq == seq:
            return position
    raise AssertionError(f"op {seq} is not in the journal")


async def opened(phone: Phone, promise: Promise) -> Field | None:
    """Open the phone as its person would; None when it truly was not enrolled yet.

    Raises:
        AssertionError: The phone has forgotten what it had promised.
    """
    field = await phone.start()
    if field.state is FieldState.NOT_ENROLLED:
        assert not promise.enrolled, "the enrolment is lost"
        return None
    if field.state is FieldState.PIN_NEEDED:
        assert "" in promise.pins or not promise.enrolled, "the PIN is lost"
        return None
    for pin in dict.fromkeys((*promise.pins, PIN)):
        if pin == "":
            continue
        try:
            await field.unlock(pin)
        except RefusedError as error:
            if error.slug != "pin-wrong":
                raise
        else:
            assert field._session is not None
            await field._session._opening  # The settled ones are opened in the background.
            return field
    raise AssertionError("no PIN opens the phone")


def recorded(field: Field) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """Return what can be read of what was recorded here: sequence and arguments, by id.

    Raises:
        AssertionError: One object was recorded twice.
    """
    found: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for item in field.outbox():
        if item.name == "submit_referral":
            row_id = str(item.args["id"])
            assert row_id not in found, f"{row_id} was recorded twice"
            found[row_id] = (item.seq, item.args)
    return found
