"""What must hold: all the time (`Watch`), and once everything is healed (`check_end`)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from client.engine import Field
from client.points import summarise
from client.status import FileItem, FileState, OutboxState
from client.store.outbox import KEPT_MS, LOST_RECORD
from client.store.record import RecordKind
from client.sync.attachments import ATTACH
from server.blobs import BlobFiles, visible_blob
from server.ledger.check import check_ledger
from server.models import MODELS
from server.models.erasure import ErasedOpModel
from server.models.sync import MovedOpModel, OpModel
from server.mutations.batch import rerun_parked
from server.rows import field_names
from server.scope import places_of, scopes_of
from shared.canonical import canonical_bytes
from shared.domain.attachment import (
    ATTACHMENTS_MAX,
    Attachment,
    bearer_of,
    is_shown,
    people_of,
    takes_files,
)
from shared.domain.care_card import CareCard
from shared.domain.customer import ERASED_TEXT, Customer, contact_id_of
from shared.domain.erasure import Erasure
from shared.domain.moment import day_at_outlet
from shared.domain.people import Device, Staff, actor_of
from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import Referral
from shared.domain.rows import Row
from shared.domain.visit import Visit
from shared.ids import parse_id
from shared.wire.envelope import ERASED_RECORD, SYNC_PATH, OpState
from shared.wire.mutations import MUTATIONS
from shared.wire.rows import decode_row
from shared.wire.schemas import instant_ms
from tests.server.field_county import COUNTY
from tests.simulation.attaching import KeptPromise
from tests.simulation.network import Exchange
from tests.simulation.phones import Phone, Promise, attempt_key, op_key
from tests.simulation.server_box import GRACE, ServerBox
from tests.simulation.sight import Sight
from tests.simulation.trace import Trace
from tests.simulation.workload import WORD

if TYPE_CHECKING:
    from tests.simulation.world import World

__all__ = ["Violation", "Watch", "check_end"]

R = TypeVar("R", bound=Row)
HELD_CHECKED_EVERY = 4
READ_FILES = 2
_MISREAD = frozenset({"invalid-argument", "unknown-mutation", "internal-error"})
"""What a phone says of an op that it can't run any more, though the server can."""
_POSTED = (PointsStatus.APPROVED, PointsStatus.REVERSED, PointsStatus.SETTLED, PointsStatus.PAID)
_COUNTING = (*_POSTED[:1], PointsStatus.PENDING, *_POSTED[2:])


class Violation(AssertionError):
    """Something that must never be."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail
        self.trace = Trace()


class Watch:
    """Looks at every message and every phone while things go on.

    Inside the product's own calls nothing is raised, for it would be caught: `complain` does.
    """

    def __init__(self, server: ServerBox, trace: Trace) -> None:
        self._server = server
        self._trace = trace
        self._found: Violation | None = None
        self._revoked: set[int] = set()
        self._erased: set[tuple[int, int]] = set()
        self._was_restored = False
        self._syncs = 0
        self._stale: dict[tuple[int, int], str] = {}
        self._known: set[tuple[int, int]] = set()

    def complain(self) -> None:
        """Raise what was found since.

        Raises:
            Violation: Something was.
        """
        if self._trace.unexpected:
            raise Violation("no unforeseen error", "; ".join(self._trace.unexpected[:3]))
        if self._found is not None:
            raise self._found

    # --- Messages ------------------------------------------------------------------------------

    def before(self, path: str, asked: Mapping[str, Any], device: int) -> None:
        """Note which decisions of a request are about something that has changed since."""
        self._stale = {}
        ops = [op for op in asked.get("ops", []) if path == SYNC_PATH and _is_decision(op)]
        if ops:
            database = self._server.read()
            for op in ops:
                if _is_taken(database, device, op["seq"]):
                    continue  # By way of a colleague: it was judged when it came.
                for row_id, seen in op["base"].items():
                    if _has_changed(database, row_id, seen, device):
                        self._stale[device, op["seq"]] = row_id

    def after(self, exchange: Exchange) -> None:
        """Look at what the server answered."""
        if exchange.path != SYNC_PATH or exchange.status != 200:
            return
        answer, device = exchange.answer, exchange.device
        if device in self._revoked:
            self._find("a revoked device gets nothing", f"device {device} was answered")
        acked = exchange.request["acked"]
        for result in answer["results"]:
            row_id = self._stale.get((device, result["seq"]))
            # One that came under an earlier number has run then, if it ran at all.
            has_run = (device, result["seq"]) in self._server.ran
            fresh = result["seq"] > acked and (device, result["seq"]) not in self._known and has_run
            if row_id and fresh and result["state"] == "ok":
                detail = f"op {device}/{result['seq']} about {row_id}"
                self._find("no decision on what its author did not see", detail)
            self._known.add((device, result["seq"]))
        database = self._server.read()
        staff_id = database.execute(
            "SELECT staff_id FROM enrolled_device WHERE number = ?", (device,)
        ).fetchone()[0]
        sight = Sight(database, staff_id)
        for table, rows in answer["rows"].items():
            for _, values in rows:
                self._judge(sight, decode_row(table, values), f"sent to device {device}")

    # --- Phones --------------------------------------------------------------------------------

    def held_by(self, phone: Phone) -> None:
        """Look at all that a phone holds just after a sync, now and then."""
        self._syncs += 1
        self._judge_accepted(phone, phone.note_accepted())
        if phone.open is not None and phone.is_sound and phone.open.status.damaged:
            self._find("no damage is invented", phone.name)
        if self._syncs % HELD_CHECKED_EVERY or phone.open is None:
            return
        database = self._server.read()
        sight = Sight(database, phone.staff.id)
        for row, _ in held_rows(phone.open):
            self._judge(sight, row, f"held by {phone.name}")

    def _judge_accepted(self, phone: Phone, news: Sequence[Promise]) -> None:
        """See that the server has said yes to what a phone calls accepted."""
        if self._was_restored:
            return  # It may have lost what it said.
        query = "SELECT 1 FROM op WHERE device = ? AND seq = ? AND state = 'ok'"
        for promise in news:
            form = (promise.device, promise.seq)
            if self._server.read().execute(query, form).fetchone() is None:
                self._find("a yes is the server's", f"{phone.name} {promise.name} {form}")

    def looked_at(self, item: FileItem, content: bytes) -> None:
        """See that what somebody was shown is what was attached."""
        if hashlib.sha256(content).hexdigest() != item.sha256:
            self._find("a file is shown as it was attached", item.sha256)

    def kept_by(self, phone: Phone) -> None:
        """See that a phone that was just started still has all that it promised."""
        field = phone.open
        assert field is not None
        assert field._enrolment is not None
        holdings = field._open.holdings
        lost = 0
        for promise in phone.promises:
            if promise.device != field._enrolment.device:
                continue
            entry = holdings.outbox.entries.get(promise.seq)
            if entry is None or entry.digest != promise.digest:
                lost += not self._is_erased(promise)
            elif not entry.is_answered:
                local = holdings.world.local_ops.get(promise.seq)
                slug = local.refusal.slug if local and local.refusal else ""
                if local is None or slug in _MISREAD:
                    self._find("what is saved is shown", f"{phone.name} {promise.seq} {slug}")
        if lost > phone.lost_allowed:
            self._find("what is saved survives on the phone", f"{phone.name} lost {lost}")
        if lost and not holdings.outbox.damaged:
            self._find("a loss is reported", f"{phone.name} lost {lost} silently")

    def note_erased(self) -> None:
        """Remember which operations' text the server has ordered to be destroyed.

        Phones obey at once; a restored server may have forgotten that it ever said so.
        """
        query = "SELECT device, seq FROM erased_op"
        self._erased.update(tuple(found) for found in self._server.read().execute(query))

    def _is_erased(self, promise: Promise) -> bool:
        """Tell whether the server has ordered that an operation's text be destroyed."""
        self.note_erased()
        return (promise.device, promise.seq) in self._erased

    # --- The server's people -------------------------------------------------------------------

    def revoke(self, phone: Phone) -> None:
        """Revoke the device that a phone is now."""
        if phone.open is None or phone.open._enrolment is None:
            return
        number = phone.open._enrolment.device
        with self._server.own() as tx:
            for row in tx.rows.where(Device, number=number):
                tx.put(_revoked(row, tx.moment.now))
                self._revoked.add(number)

    def restored(self) -> None:
        """Take note that the server knows less than it did."""
        self._was_restored = True
        self._known.clear()
        database = self._server.read()
        query = "SELECT number FROM device WHERE revoked_at IS NOT NULL"
        self._revoked = {found[0] for found in database.execute(query)}

    def rerun_parked(self) -> None:
        """Run every parked operation again."""
        with self._server.session() as session:
            query = sa.select(OpModel).filter_by(state=OpState.PARKED)
            parked = session.scalars(query.where(OpModel.body.is_not(None))).all()
            for device, seq in sorted((op.device, op.seq) for op in parked):
                rerun_parked(self._server.services.door, session, COUNTY.id, device, seq)

    def progress(self) -> object:
        """Return what changes while anything is still being settled."""
        database = self._server.read()
        ops = database.execute("SELECT state, count(*) FROM op GROUP BY state").fetchall()
        versions = database.execute("SELECT sum(version) FROM scope_counter").fetchone()
        blobs = database.execute("SELECT count(*), count(completed_at) FROM blob").fetchone()
        return [tuple(found) for found in ops], tuple(versions), tuple(blobs)

    # --- Within --------------------------------------------------------------------------------

    def _judge(self, sight: Sight, row: Row, where: str) -> None:
        if not sight.allows(row):
            self._find("no foreign row on any device", f"{row.TABLE} {row.id} {where}")

    def _find(self, invariant: str, detail: str) -> None:
        if self._found is None:
            self._trace.note(f"  VIOLATION {invariant}: {detail}")
            self._found = Violation(invariant, detail)


def held_rows(field: Field) -> Iterator[tuple[Row, int]]:
    """Yield the server's rows that a phone holds, each with its revision."""
    for table in field.world._base.values():
        for row_id, revision in list(table._revisions.items()):
            row = table.get(row_id)
            assert row is not None, row_id
            yield row, revision


class Everything:
    """All rows of the server, read once; what `shared.domain.rows.Rows` asks for."""

    def __init__(self, session: Session) -> None:
        self._tables: dict[type[Row], dict[str, Row]] = {}
        self._indexes: dict[tuple[type[Row], str], dict[object, list[Row]]] = {}
        self.revisions: dict[tuple[str, str], int] = {}
        for table, model in MODELS.items():
            columns = model.__table__
            names, make = field_names(table), cast("Any", table)
            rows = self._tables[table] = {}
            for record in session.execute(sa.select(columns).order_by(columns.c.id)).mappings():
                rows[record["id"]] = make(**{name: record[name] for name in names})
                self.revisions[table.TABLE, record["id"]] = record["revision"]
        self.ops = list(session.scalars(sa.select(OpModel).order_by(OpModel.device, OpModel.seq)))
        erased = sa.select(ErasedOpModel.device, ErasedOpModel.seq)
        self.erased_ops = {(device, seq) for device, seq in session.execute(erased)}
        self.moved: defaultdict[tuple[int, int], list[MovedOpModel]] = defaultdict(list)
        for one in session.scalars(sa.select(MovedOpModel)):
            self.moved[one.device, one.seq].append(one)

    def is_nameless(self, op: OpModel) -> bool:
        """Tell whether an operation's text was destroyed, or is not what its author wrote."""
        return op.body is None or op.name == ERASED_RECORD or (op.device, op.seq) in self.erased_ops

    def get(self, table: type[R], row_id: str) -> R | None:
        return cast("R | None", self._tables[table].get(row_id))

    def where(self, table: type[R], **equal: object) -> list[R]:
        if not equal:
            return cast("list[R]", [*self._tables[table].values()])
        (name, value), *others = equal.items()
        if (table, name) not in self._indexes:
            index = self._indexes[table, name] = {}
            for row in self._tables[table].values():
                index.setdefault(getattr(row, name), []).append(row)
        found = self._indexes[table, name].get(value, [])
        fit = [row for row in found if all(getattr(row, n) == v for n, v in others)]
        return cast("list[R]", fit)

    def all(self) -> Iterator[Row]:
        for rows in self._tables.values():
            yield from rows.values()


async def check_end(world: World) -> None:
    """Check everything, once nothing is left to do.

    Raises:
        Violation: Something does not hold.
    """
    world.watch.complain()
    if world.trace.mended and "lost-replica" not in world.faults:
        # It would be put right within a day; but nothing of this run explains it.
        raise Violation("no undamaged replica is ever wrong", world.trace.mended[0])
    with world.server.session() as session:
        everything = Everything(session)
        report = check_ledger(session)
    if report.faults:
        raise Violation("the ledger holds", "; ".join(report.faults[:3]))
    for phone in world.phones.values():
        _check_settled(phone, everything.ops, was_restored=world.restores > 0)
    _check_ops(world, everything)
    _check_awards(everything)
    _check_replicas(world, everything)
    _check_points(world, everything)
    await _check_erased(world, everything)
    _check_files(world, everything)
    world.watch.complain()
    ops = Counter(op.state.value for op in everything.ops)
    entries = Counter(entry.status.value for entry in everything.where(PointsEntry))
    world.trace.note(f"ends with ops {sorted(ops.items())} points {sorted(entries.items())}")


def _check_settled(phone: Phone, ops: Sequence[OpModel], *, was_restored: bool) -> None:
    field = phone.open
    if field is None:
        raise Violation("every phone heals", f"{phone.name} can't be opened")
    status, outbox = field.status, field._open.holdings.outbox
    if status.waiting or outbox.waiting():
        detail = f"{phone.name}: {status.waiting} wait"
        raise Violation("outboxes are empty in the end", detail)
    open_ = [entry for entry in outbox.entries.values() if entry.is_open]
    # What the server had accepted before a restore and can't accept again is a matter for people,
    # and so is what waits for it.
    for_people = _parked_or_behind(ops) if was_restored else set()
    assert field._enrolment is not None
    number = field._enrolment.device
    if any((number, entry.seq) not in for_people for entry in open_):
        detail = f"{phone.name}: {[entry.seq for entry in open_]} are deferred or parked"
        raise Violation("nothing waits for ever", detail)
    if field.world._overlay and not open_:
        raise Violation("server rows are shown in the end", f"{phone.name} {field.world._overlay}")


def _check_ops(world: World, everything: Everything) -> None:
    """Every promise is kept, everything that the server has was recorded, nothing has run twice."""
    by_key = _by_key(world, everything)
    _check_runs(by_key.values(), world.server.ran)
    ids = {row.id for row in everything.all()}
    named = {
        json.loads(op.body)["args"].get("id")
        for op in everything.ops
        if op.state is OpState.OK and op.body is not None
    }
    for_people = _parked_or_behind(everything.ops) if world.restores else set()
    for phone in world.phones.values():
        missing = [one for one in phone.promises if not by_key.get(one.key)]
        if len(missing) > phone.lost_allowed:
            detail = f"{phone.name} {missing[0].name} {missing[0].device}/{missing[0].seq}"
            raise Violation("what is saved arrives", f"{detail} and {len(missing) - 1} more")
        for promise in phone.promises:
            if by_key.get(promise.key):
                ops = by_key[promise.key]
                if for_people.isdisjoint((op.device, op.seq) for op in ops):
                    if any(map(everything.is_nameless, ops)):
                        _check_nameless(phone, promise, ops, ids)
                    else:
                        _check_promise(phone, promise, ops, ids, named)


def _by_key(world: World, everything: Everything) -> dict[str, list[OpModel]]:
    """Return the operations by what they say, whatever numbers they came under."""
    by_key: defaultdict[str, list[OpModel]] = defaultdict(list)
    attempts = set(world.attempts_before)
    files = set[tuple[str, str]]()
    for phone in world.phones.values():
        attempts |= phone.attempts
        files |= phone.tried_files
    keys_of_nameless = _keys(world, everything)
    for op in everything.ops:
        if everything.is_nameless(op):
            for key in keys_of_nameless(op):
                by_key[key].append(op)
            continue
        members = json.loads(op.body or "")
        by_key[op_key(members)].append(op)
        args = members["args"]
        # The app itself says that a file is there, once it is.
        is_of_app = op.name == ATTACH and (args["object_id"], args["sha256"]) in files
        is_known = is_of_app or attempt_key(op.name, args) in attempts
        if not is_known and op.name in MUTATIONS:
            raise Violation("nothing appears from nowhere", f"op {op.device}/{op.seq} {op.name}")
    return by_key


def _keys(world: World, everything: Everything) -> Callable[[OpModel], set[str]]:
    """Return what finds what an operation without its text was: by its digest, or its number."""
    by_digest: dict[str, str] = {}
    by_number: dict[tuple[int, int], str] = {}
    for phone in world.phones.values():
        for promise in phone.promises:
            by_digest[promise.digest] = promise.key
            by_number[promise.device, promise.seq] = promise.key

    def keys(op: OpModel) -> set[str]:
        found = {by_digest.get(op.digest)}
        forms = everything.moved[op.device, op.seq]
        found |= {by_digest.get(form.was_digest) for form in forms}
        if op.name == ERASED_RECORD:
            found.add(by_number.get((op.device, op.seq)))
            found |= {by_number.get((form.was_device, form.was_seq)) for form in forms}
        return {key for key in found if key is not None}

    return keys


def _parked_or_behind(ops: Iterable[OpModel]) -> set[tuple[int, int]]:
    """Return the numbers of operations that wait for a person, or for one that does."""
    found = {(op.device, op.seq) for op in ops if op.state is OpState.PARKED}
    behind = {
        (op.device, op.seq): (op.waits_device, op.waits_seq)
        for op in ops
        if op.state is OpState.DEFERRED
    }
    while more := {one for one, first in behind.items() if first in found} - found:
        found |= more
    return found


def _check_runs(same: Iterable[Sequence[OpModel]], ran: set[tuple[int, int]]) -> None:
    """Whatever numbers an operation came under, it has run under one of them at most."""
    for ops in same:
        runs = [op for op in ops if op.state is OpState.OK and (op.device, op.seq) in ran]
        if len(runs) > 1:
            what = ", ".join(f"{op.device}/{op.seq}" for op in runs)
            raise Violation("an operation runs once", f"{runs[0].name} as {what}")


def _check_nameless(phone: Phone, promise: Promise, ops: Sequence[OpModel], ids: set[str]) -> None:
    """Judge an operation whose text was destroyed: what it did stays, and nothing else is known."""
    what = f"{phone.name} {promise.name} {promise.device}/{promise.seq}"
    if any(op.state is OpState.OK for op in ops):
        if promise.makes is not None and promise.makes not in ids:
            raise Violation("what is accepted is there", what)
    elif promise.key in phone.accepted:
        raise Violation("what was accepted stays accepted", what)


def _check_promise(
    phone: Phone, promise: Promise, ops: Sequence[OpModel], ids: set[str], made: set[str]
) -> None:
    what = f"{phone.name} {promise.name} {promise.device}/{promise.seq}"
    if any(op.state is OpState.OK for op in ops):
        if promise.makes is not None and promise.makes not in ids:
            raise Violation("what is accepted is there", what)
        return
    if promise.makes is not None and promise.makes in ids - made:
        raise Violation("what is refused leaves nothing behind", what)
    field = phone.open
    assert field is not None
    assert field._enrolment is not None
    slugs = [json.loads(op.problem or "{}").get("type", "") for op in ops]
    if any(slug.endswith("missing-object") for slug in slugs):
        body = json.loads(ops[0].body or "{}")
        # What it is about has no base where only this phone knew it: its maker may be refused.
        args = body["args"]
        named = {*body["base"], *args.get("ids", ()), *([args["id"]] if "id" in args else [])}
        named.discard(promise.makes)
        if named and named <= ids:
            raise Violation("what depends on something waits for it", what)
    if promise.key in phone.accepted:
        raise Violation("what was accepted stays accepted", what)
    # A refused record that was damaged since can't be shown; the loss is counted. Nor can one that
    # is too old to be kept.
    is_damaged = phone.lost_allowed and field.status.damaged
    age = field.now() - min(op.received_at for op in ops)
    is_old = age >= dt.timedelta(milliseconds=KEPT_MS)
    if promise.device == field._enrolment.device and not is_damaged and not is_old:
        shown = {item.seq: item.state for item in field.outbox()}
        if shown.get(promise.seq) is not OutboxState.REJECTED:
            raise Violation("a refusal is shown", f"{what} is {shown.get(promise.seq)}")


def _check_awards(everything: Everything) -> None:
    """One credit for each business event: one revision stands, and nobody has two shares."""
    standing: defaultdict[str, list[PointsEntry]] = defaultdict(list)
    for entry in everything.where(PointsEntry):
        if entry.reverses_id is None and entry.status in _COUNTING:
            standing[entry.evidence_id + entry.kind].append(entry)
    for event, entries in standing.items():
        payees = Counter(entry.payee_id for entry in entries)
        shares = sum(entry.share_percent for entry in entries)
        if len({entry.award_revision for entry in entries}) > 1 or max(payees.values()) > 1:
            raise Violation("one credit per business event", f"{event}: {len(entries)} stand")
        if shares > 100:
            raise Violation("one credit per business event", f"{event}: {shares} percent")


def _check_replicas(world: World, everything: Everything) -> None:
    """Each phone holds the rows of its person's scopes as they are, and no others."""
    now = world.server.clock.now()
    places = {row: places_of(row, everything, now) for row in everything.all()}
    for phone in world.phones.values():
        me = everything.get(Staff, phone.staff.id)
        assert me is not None
        scopes = set(scopes_of(actor_of(me), everything, day_at_outlet(now)))
        due = {
            (row.TABLE, row.id): (row, everything.revisions[row.TABLE, row.id])
            for row, places_of_row in places.items()
            if not scopes.isdisjoint(places_of_row)
        }
        assert phone.open is not None
        if phone.open._open.holdings.replica.is_rebuilding:
            # It was just started after its last sync, and nothing has damaged it between the two.
            raise Violation("what was fetched anew is whole", phone.name)
        held = {(row.TABLE, row.id): (row, at) for row, at in held_rows(phone.open)}
        if held.keys() != due.keys():
            extra, lack = sorted(held.keys() - due.keys()), sorted(due.keys() - held.keys())
            detail = f"{phone.name} has {extra[:3]} ({len(extra)}), lacks {lack[:3]} ({len(lack)})"
            raise Violation("a replica is its scopes' rows", detail)
        wrong = [key for key in due if held[key] != due[key]]
        if wrong:
            pair = held[wrong[0]], due[wrong[0]]
            detail = f"{phone.name} holds {pair[0]}, the server has {pair[1]}"
            raise Violation("a replica's rows are the server's", detail)
        database = world.server.read()
        sight = Sight(database, phone.staff.id)
        foreign = [key for key, (row, _) in held.items() if not sight.allows(row)]
        if foreign:
            raise Violation("no foreign row on any device", f"{phone.name} has {foreign[:3]}")


def _check_points(world: World, everything: Everything) -> None:
    """What the phone shows, what the entries say and what the ledger holds are equal."""
    database = world.server.read()
    posted: Counter[str] = Counter()
    for debit, credit, points in database.execute(
        "SELECT debit_account, credit_account, points FROM ledger_entry"
    ):
        posted[debit] -= points
        posted[credit] += points
    for phone in world.phones.values():
        mine = everything.where(PointsEntry, payee_id=phone.staff.id)
        approved_in_all = 0
        assert phone.open is not None
        for period in sorted({entry.period for entry in mine}):
            approved = sum(e.points for e in mine if e.period == period and e.status in _POSTED)
            pending = sum(
                e.points for e in mine if e.period == period and e.status is PointsStatus.PENDING
            )
            shown = summarise(phone.open.world, phone.open.me, period)
            approved_in_all += approved
            if (shown.approved, shown.pending) != (approved, pending):
                detail = f"{phone.name} {period}: {shown} for {approved} and {pending}"
                raise Violation("points shown are the server's", detail)
        if approved_in_all != posted[f"staff:{phone.staff.id}"]:
            detail = f"{phone.name}: {approved_in_all} shown, {posted} posted"
            raise Violation("points shown are the ledger's", detail)


async def _check_erased(world: World, everything: Everything) -> None:
    """No copy holds a word or a file of an erased customer."""
    words: set[str] = set()
    files: set[str] = set()
    for erasure in everything.where(Erasure):
        customer = everything.get(Customer, erasure.customer_id)
        if customer is not None and (customer.erased_at is None or customer.name != ERASED_TEXT):
            raise Violation("who is erased has no name", customer.id)
        own, before = _own(world, everything, erasure), instant_ms(erasure.at)
        for phone in world.phones.values():
            about = [(word, one) for word, one in phone.said.items() if not one.ids.isdisjoint(own)]
            words.update(word for word, one in about if one.at_ms < before)
            files.update(
                one.sha256
                for one in phone.kept_files
                if one.object_id in own and one.at_ms < before
            )
    if not words and not files:
        return
    for path in (world.server.database, world.server.erasures):
        for part in (path, path.with_name(f"{path.name}-wal")):
            _demand_wordless(part.read_bytes() if part.exists() else b"", words, part.name)
    # What a restored server does not know any more goes after the grace, with what nobody names.
    known = {sha256 for (sha256,) in world.server.read().execute("SELECT sha256 FROM blob")}
    stored = {path.name.partition(".")[0] for path in _stored(world)} & known
    if files & stored:
        raise Violation("an erased file is nowhere", f"{sorted(files & stored)[:2]} at the server")
    for phone in world.phones.values():
        assert phone.open is not None
        held = phone.open._open
        _demand_wordless(await _written_on(phone), words, phone.name)
        kept = {sha256 for _, sha256 in held.file_store.files}
        kept |= {path.name[-64:] for path in (phone.folder / "settings").iterdir()}
        if files & kept:
            raise Violation("an erased file is nowhere", f"{sorted(files & kept)[:2]} {phone.name}")
    world.trace.note(f"erased {len(words)} words and {len(files)} files")


def _own(world: World, everything: Everything, erasure: Erasure) -> set[str]:
    """Return the ids of what there was about a customer alone."""
    own = {erasure.customer_id, contact_id_of(erasure.customer_id)}
    for table in (Referral, CareCard):
        own |= {row.id for row in everything.where(table, customer_id=erasure.customer_id)}
    # What was about them and was refused is in no row; of what never came, nobody there can know.
    came = _numbers_that_came(everything)
    said = [
        one
        for phone in world.phones.values()
        for one in phone.said.values()
        if one.makes and _number_of(one.makes) in came
    ]
    while more := {one.makes for one in said if one.makes and one.ids & own} - own:
        own |= more
    return own


def _number_of(row_id: str) -> tuple[int, int]:
    """Return the number of the operation that makes the object."""
    parts = parse_id(row_id)
    return parts.device_number, parts.sequence


def _numbers_that_came(everything: Everything) -> set[tuple[int, int]]:
    """Return the numbers, former ones too, of the operations whose text the server has had."""
    numbers: set[tuple[int, int]] = set()
    for op in everything.ops:
        if op.name != LOST_RECORD:
            numbers.add((op.device, op.seq))
            forms = everything.moved[op.device, op.seq]
            numbers |= {(form.was_device, form.was_seq) for form in forms}
    return numbers


async def _written_on(phone: Phone) -> bytes:
    """Return all that the phone's journal holds, readable."""
    assert phone.open is not None
    outbox = phone.open._open.holdings.outbox
    await outbox.open(outbox.entries.values())
    found = [entry.op for entry in outbox.entries.values() if entry.op is not None]
    for record in outbox.foreign.values():
        if record.kind is RecordKind.OP and not record.is_erased:
            found += (await outbox._sealer.open_ops([record])).values()
    return canonical_bytes([dict(op) for op in found])


def _demand_wordless(content: bytes, words: set[str], where: str) -> None:
    found = words & set(WORD.findall(content.decode(errors="replace")))
    if found:
        raise Violation("erased words are nowhere", f"{sorted(found)[:3]} in {where}")


def _check_files(world: World, everything: Everything) -> None:
    """What was kept has arrived whole; nobody reads it who may not; the rest is collected."""
    attached = {(row.object_id, row.sha256) for row in everything.where(Attachment)}
    for phone in world.phones.values():
        for kept in phone.kept_files:
            if (kept.object_id, kept.sha256) not in attached:
                _demand_reason(phone, kept, everything)
    if not attached and not _stored(world):
        return
    _check_readers(world, everything)
    world.server.collect()
    world.server.collect(later=GRACE + dt.timedelta(days=1))
    with world.server.session() as session:
        left = Everything(session)
    named = set()
    for row in left.where(Attachment, removed_at=None):
        named.add(row.sha256)
        bearer = bearer_of(left, row.object_table, row.object_id)
        content = BlobFiles(world.server.blobs).read(COUNTY.id, row.sha256)
        is_whole = content is not None and hashlib.sha256(content).hexdigest() == row.sha256
        if not is_whole and is_shown(row, bearer):
            what = "gone" if content is None else "not what was sent"
            raise Violation("an attachment's file is there, whole", f"{row.sha256[:12]} is {what}")
    strays = [path.name for path in _stored(world) if path.name not in named]
    if strays:
        raise Violation("what nobody names is collected", f"{strays[:2]} and {len(strays) - 1}")


def _demand_reason(phone: Phone, kept: KeptPromise, everything: Everything) -> None:
    """See that there is a good reason for a file not to be attached."""
    bearer = bearer_of(everything, kept.object_table, kept.object_id)
    if bearer is None or not takes_files(bearer) or phone.staff.id not in people_of(bearer):
        return
    if not isinstance(bearer, Visit):
        customer = everything.get(Customer, bearer.customer_id)
        if customer is not None and customer.erased_at is not None:
            return
    if len(everything.where(Attachment, object_id=bearer.id)) >= ATTACHMENTS_MAX:
        return
    assert phone.open is not None
    if bearer_of(phone.open.world, kept.object_table, kept.object_id) is None:
        return  # What ended long ago is on nobody's phone any more, nor taken from there.
    shown = [one for one in phone.open.files.of(bearer.id) if one.sha256 == kept.sha256]
    slugs = {one.problem.slug for one in shown if one.state is FileState.REFUSED and one.problem}
    if not slugs & _FILE_REFUSALS:
        states = [(one.state.value, one.problem and one.problem.slug) for one in shown]
        detail = f"{phone.name} {kept.sha256[:12]} for {bearer.TABLE} {bearer.id} is {states}"
        raise Violation("a file that was kept arrives", detail)


_FILE_REFUSALS = {"out-of-scope", "illegal-transition", "too-many-attachments", "customer-erased"}
"""Why a file may have been refused when it came, though it would be taken now."""


def _check_readers(world: World, everything: Everything) -> None:
    """The bytes of some files are given to those alone who may see what they hang on."""
    rows = everything.where(Attachment, removed_at=None)
    database, now = world.server.read(), world.server.clock.now()
    for row in rows[-READ_FILES:]:
        same = [one for one in rows if one.sha256 == row.sha256]
        for staff in sorted({phone.staff.id for phone in world.phones.values()}):
            with world.server.session() as session:
                seen = visible_blob(session, COUNTY.id, staff, row.sha256, now)
            if seen is not None and not any(map(Sight(database, staff).allows, same)):
                raise Violation("a file is for those who may see it", f"{staff} reads {row.id}")


def _stored(world: World) -> list[Path]:
    return sorted(BlobFiles(world.server.blobs).stored(COUNTY.id))


def _is_decision(op: Any) -> bool:
    mutation = MUTATIONS.get(op.get("name", "")) if isinstance(op, dict) else None
    return mutation is not None and mutation.current_only


def _has_changed(database: Any, row_id: str, seen: int, device: int) -> bool:
    """Tell whether an object was changed by somebody else since its revision *seen*."""
    for table in ("referral", "points_entry", "harvest_date"):
        query = f"SELECT revision, foreign_revision, changed_by_device FROM {table} WHERE id = ?"  # noqa: S608
        found = database.execute(query, (row_id,)).fetchone()
        if found is not None:
            revision, foreign, by = found
            return bool(seen < (foreign if by == device else revision))
    return False


def _is_taken(database: Any, device: int, seq: int) -> bool:
    query = "SELECT 1 FROM op WHERE device = ? AND seq = ?"
    return database.execute(query, (device, seq)).fetchone() is not None


def _revoked(row: Device, now: Any) -> Device:
    return dataclasses.replace(row, revoked_at=now)


def attempts_of(server: ServerBox) -> set[str]:
    """Return what was tried before the run began: all that the server has."""
    database = server.read()
    bodies = [json.loads(found[0]) for found in database.execute("SELECT body FROM op")]
    return {attempt_key(op["name"], op["args"]) for op in bodies}
