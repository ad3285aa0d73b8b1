"""Bugs as people make them, each a small patch: the simulation must find every one of them.

No switch for them is in the product; they are put in place here, for the time of a run.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeAlias
from unittest.mock import patch as patched

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from client.device import StorageFullError, journal_file
from client.device.journal_file import FileJournal
from client.hand_over import HandOver
from client.status import ExportedFile
from client.store import holdings, stranded, world
from client.store.holdings import Holdings
from client.store.outbox import Entry, Outbox
from client.store.replica import HeldRow, Page, Replica
from client.store.sealed import Result
from client.store.stranded import _Past
from client.store.timekeeping import Timekeeper
from client.sync import attachments as client_files
from client.sync import exchange as client_exchange
from client.sync import round as client_round
from client.sync.answer import check_receipts
from client.sync.attachments import FileSync
from client.sync.sealing import BundleAnswer
from server import auth, blob_collection, blobs, exchange, feed, scope
from server.blobs import BlobFiles, BlobKey
from server.database import _write_waiting
from server.ledger import posting
from server.ledger.chain import chain_head
from server.models.referral import ReferralModel
from server.models.sync import OpModel, ScopeCounterModel
from server.mutations import batch, oplog, running, sweep
from server.mutations.oplog import OpLog
from server.mutations.transaction import Transaction
from server.reactions import erasure_steps
from server.rows import DatabaseRows
from shared.domain import awards
from shared.domain.attachment import Attachment
from shared.domain.customer import Customer, CustomerContact
from shared.domain.moment import day_at_outlet
from shared.domain.referral import OPEN_STATUSES
from shared.domain.rows import Rows, demand
from shared.wire.envelope import OpState
from shared.wire.schemas import instant_from_ms
from tests.simulation import server_box

__all__ = ["BUGS", "Plant", "planted"]

Plant: TypeAlias = Callable[[pytest.MonkeyPatch], None]

BUGS: dict[str, Plant] = {}
"""By name, what plants the bug."""


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    """Have the bug for a while."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        yield


def _bug(plant: Plant) -> Plant:
    BUGS[plant.__name__.strip("_").replace("_", "-")] = plant
    return plant


# --- On the phone ---------------------------------------------------------------------------------


@_bug
def _outbox_forgets_fsync(patch: pytest.MonkeyPatch) -> None:
    append = FileJournal.append

    async def unsynced(self: FileJournal, position: int, record: bytes) -> None:
        with patched.object(vars(journal_file)["os"], "fsync", lambda _: None):
            await append(self, position, record)

    patch.setattr(FileJournal, "append", unsynced)


@_bug
def _full_disk_says_saved(patch: pytest.MonkeyPatch) -> None:
    append = FileJournal.append

    async def bold(self: FileJournal, position: int, record: bytes) -> None:
        try:
            await append(self, position, record)
        except StorageFullError:
            self._count += 1

    patch.setattr(FileJournal, "append", bold)


@_bug
def _replica_grows_on_a_damaged_tree(patch: pytest.MonkeyPatch) -> None:
    def left_as_it_is(self: Replica, rows: Mapping[tuple[str, str], HeldRow]) -> None:
        self.drop(self._known.keys() - rows.keys())

    patch.setattr(Replica, "_write_anew", left_as_it_is)


@_bug
def _journal_ends_at_damage(patch: pytest.MonkeyPatch) -> None:
    merged = journal_file._merged

    def cut(journal: journal_file._Scan, copy: journal_file._Scan) -> list[bytes]:
        whole = [frame.is_good for _, frame in sorted(journal.frames.items())]
        return merged(journal, copy)[: whole.index(False) if False in whole else len(whole)]

    patch.setattr(journal_file, "_merged", cut)


@_bug
def _receipt_unverified(patch: pytest.MonkeyPatch) -> None:
    async def trusting(*_: object) -> None:
        """Believe everything."""

    patch.setattr(client_round, "check_receipts", trusting)


@_bug
def _sent_counts_as_answered(patch: pytest.MonkeyPatch) -> None:
    mark_sent = Holdings.mark_sent

    async def optimistic(self: Holdings, seq: int) -> None:
        await mark_sent(self, seq)
        await self.outbox.keep_results(
            Result(seq=entry.seq, state=OpState.OK)
            for entry in self.outbox.waiting()
            if entry.seq <= seq
        )

    patch.setattr(Holdings, "mark_sent", optimistic)


@_bug
def _refusal_dams_queue(patch: pytest.MonkeyPatch) -> None:
    is_news = Outbox._is_news

    def deaf(self: Outbox, result: Result) -> bool:
        return result.state is not OpState.REJECTED and is_news(self, result)

    patch.setattr(Outbox, "_is_news", deaf)


@_bug
def _retry_skips_partly_answered(patch: pytest.MonkeyPatch) -> None:
    """After an answer to some ops, the ones behind are thought to be on their way."""
    keep_results = Outbox.keep_results

    async def hasty(self: Outbox, results: Sequence[Result]) -> list[Result]:
        news = await keep_results(self, results)
        behind = [entry.seq for entry in self.waiting() if news and entry.seq > news[-1].seq]
        await keep_results(self, [Result(seq=seq, state=OpState.OK) for seq in behind])
        return news

    patch.setattr(Outbox, "keep_results", hasty)


@_bug
def _cursor_saved_before_rows(patch: pytest.MonkeyPatch) -> None:
    apply = Replica.apply

    async def split(self: Replica, page: Page) -> Any:
        with self._transaction():
            self._set_mark("cursors", self.cursors | dict(page.cursors))
        return await apply(self, page)

    patch.setattr(Replica, "apply", split)


@_bug
def _replica_not_rebuilt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Replica, "begin_rebuild", lambda self: self.lower_applied(self.applied))


@_bug
def _dropped_by_a_wrong_clock_for_good(patch: pytest.MonkeyPatch) -> None:
    """What the phone has dropped as expired, it never asks for again."""
    patch.setattr(Replica, "has_dropped_early", lambda *_: False)


@_bug
def _tombstones_ignored(patch: pytest.MonkeyPatch) -> None:
    take_page = Holdings.take_page

    async def sticky(self: Holdings, page: Page) -> None:
        await take_page(self, dataclasses.replace(page, gone=()))

    patch.setattr(Holdings, "take_page", sticky)


@_bug
def _restore_not_noticed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outbox, "offer_again", lambda *_: None)


@_bug
def _stranded_work_forgotten(patch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object, **__: object) -> None:
        """Bring nothing over."""

    patch.setattr(holdings, "bring_over", nothing)


@_bug
def _answered_work_left_under_old_number(patch: pytest.MonkeyPatch) -> None:
    """What was answered is safe, whatever server has lost it since."""
    patch.setattr(_Past, "owes", lambda self, seq, *_: seq not in self.results)


@_bug
def _clone_after_a_restore_goes_unnoticed(patch: pytest.MonkeyPatch) -> None:
    """That the server knows as many sequences as before is taken for knowing the same."""
    patch.setattr(Outbox, "differs", lambda *_: False)


@_bug
def _known_sequence_counts_as_known_operation(patch: pytest.MonkeyPatch) -> None:
    """What a clone has overwritten after a restore stays under the old number."""
    owes = _Past.owes

    def by_sequence(self: _Past, seq: int, last: int, _: str) -> bool:
        result = self.results.get(seq)
        life = result.receipt.generation if result and result.receipt else ""
        return owes(self, seq, last, life)

    patch.setattr(_Past, "owes", by_sequence)


@_bug
def _moved_work_forgets_what_it_was(patch: pytest.MonkeyPatch) -> None:
    def renumbered(op: Mapping[str, Any], _: int) -> dict[str, Any]:
        return {name: value for name, value in op.items() if name != "seq"}

    patch.setattr(stranded, "moved_op", renumbered)


@_bug
def _idle_clone_steps_over(patch: pytest.MonkeyPatch) -> None:
    """Who hears of sequences that it never gave out takes note of them, and goes on after them."""

    def step_over(self: client_round.Round, answer: Any) -> None:
        outbox = self._outbox
        for seq in range(outbox.next_sequence, answer.last + 1):
            outbox.entries[seq] = Entry(seq=seq)
            outbox.damaged += 1
        outbox._next = max(outbox.next_sequence, answer.last + 1)

    patch.setattr(client_round.Round, "_demand_sole", step_over)


@_bug
def _old_ops_not_upcast_on_the_phone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(world, "upcast", lambda _, __, args: args)


@_bug
def _new_number_keeps_old_rows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Replica, "belong_to", lambda *_: None)


@_bug
def _body_digest_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(client_exchange, "DIGEST_HEADER", "Nothing")


@_bug
def _wall_clock_decides_expiry(patch: pytest.MonkeyPatch) -> None:
    def today(self: Timekeeper) -> dt.date:
        return day_at_outlet(instant_from_ms(min(self._clock.wall_ms(), 4_000_000_000_000)))

    patch.setattr(Timekeeper, "today", today)


# --- On the server --------------------------------------------------------------------------------


@_bug
def _duplicate_sequence_runs_twice(patch: pytest.MonkeyPatch) -> None:
    def merging(note: Any) -> Any:
        def merged(self: OpLog, *args: Any) -> Any:
            device, op = args[:2]
            earlier = sa.delete(OpModel).filter_by(device=device.number, seq=op.seq)
            self._session.execute(earlier)
            return note(self, *args)

        return merged

    patch.setattr(OpLog, "known", lambda *_: {})
    patch.setattr(OpLog, "add", merging(OpLog.add))
    patch.setattr(OpLog, "append", merging(OpLog.append))
    patch.setattr(batch, "_demand_no_gap", lambda *_: None)


@_bug
def _stored_result_not_returned(patch: pytest.MonkeyPatch) -> None:
    take = batch._Batch.take

    def forgetful(self: batch._Batch, device: Any, ops: Any, *rest: Any) -> Any:
        known = self._log.known(device, ops)
        return [op for op in take(self, device, ops, *rest) if op.seq not in known]

    patch.setattr(batch._Batch, "take", forgetful)


@_bug
def _clone_goes_unnoticed(patch: pytest.MonkeyPatch) -> None:
    """Neither side compares digests: a sequence is a sequence."""
    known = OpLog.known

    def lenient(self: OpLog, device: Any, ops: Any) -> Any:
        kept = [record_op for record_op in ops if not _differs(self, device, record_op)]
        found = known(self, device, kept)
        for op in ops:
            if op not in kept:
                found[op.seq] = self._session.get_one(OpModel, (device.number, op.seq))
        return found

    check = check_receipts

    async def careless(answer: Any, enrolment: Any, outbox: Outbox, keys: Any) -> None:
        for result in answer.results:
            entry = outbox.entries.get(result.seq)
            if entry is not None and result.receipt is not None:
                entry.digest = result.receipt.digest
        await check(answer, enrolment, outbox, keys)

    patch.setattr(OpLog, "known", lenient)
    patch.setattr(client_round, "check_receipts", careless)


def _differs(log: OpLog, device: Any, op: Any) -> bool:
    record = log._session.get(OpModel, (device.number, op.seq))
    return record is not None and record.digest != op.digest


@_bug
def _savepoint_lost(patch: pytest.MonkeyPatch) -> None:
    """What a failing operation had put is written with the next one."""
    patch.setattr(Session, "begin_nested", lambda _: nullcontext())
    patch.setattr(DatabaseRows, "forget", lambda _: None)


@_bug
def _effect_committed_before_its_result(patch: pytest.MonkeyPatch) -> None:
    def parted(note: Any) -> Any:
        def apart(self: OpLog, *args: Any) -> Any:
            _write_waiting(self._session)
            self._session.flush()
            connection = self._session.connection()
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return note(self, *args)

        return apart

    patch.setattr(OpLog, "add", parted(OpLog.add))
    patch.setattr(OpLog, "append", parted(OpLog.append))


@_bug
def _moved_operation_runs_again(patch: pytest.MonkeyPatch) -> None:
    """A new number is a new operation; what makes no object runs twice."""
    patch.setattr(batch, "twins_of", lambda *_: {})


@_bug
def _stale_base_accepted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(running, "_demand_current", lambda *_: None)


@_bug
def _deferred_never_runs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OpLog, "waiting", lambda _: [])


@_bug
def _missing_dependency_refused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(running, "_awaited", lambda *_: None)
    patch.setattr(batch, "lacks_a_revision", lambda *_: False)


@_bug
def _award_claimed_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(awards, "_is_claimed", lambda _: False)


@_bug
def _ledger_follows_a_stale_head(patch: pytest.MonkeyPatch) -> None:
    heads: dict[str, Any] = {}

    def cached(session: Session, county_id: str) -> Any:
        return heads.setdefault(county_id, chain_head(session, county_id))

    patch.setattr(posting, "chain_head", cached)


@_bug
def _contact_leaks_to_office(patch: pytest.MonkeyPatch) -> None:
    contact = scope.PLACES[CustomerContact]

    def leaky(row: CustomerContact, rows: Rows, now: dt.datetime) -> set[str]:
        places = contact(row, rows, now)
        return places | {f"office:{demand(rows, Customer, row.customer_id).outlet_id}"}

    patch.setitem(scope.PLACES, CustomerContact, leaky)


@_bug
def _revoked_device_served(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(auth, "_bar", lambda *_: None)


@_bug
def _revision_not_raised(patch: pytest.MonkeyPatch) -> None:
    put = Transaction.put

    def quiet(self: Transaction, row: Any) -> None:
        record = self.rows.record(type(row), row.id)
        before = None if record is None else record.revision
        put(self, row)
        if record is not None and before is not None:
            record.revision = before

    patch.setattr(Transaction, "put", quiet)


@_bug
def _nothing_expires(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batch, "rows_to_place_anew", lambda *_: [])


@_bug
def _sweep_looks_at_the_last_change(patch: pytest.MonkeyPatch) -> None:
    """A referral leaves by what happened to it; it is looked for by when it was last changed."""

    def closed(county_id: str, since: dt.date, today: dt.date) -> sa.Select[str]:
        first, end = (sweep._start_of(day - dt.timedelta(days=30)) for day in (since, today))
        return sa.select(ReferralModel.id).where(
            ReferralModel.county_id == county_id,
            ReferralModel.status.not_in(OPEN_STATUSES),
            ReferralModel.changed_at >= first - dt.timedelta(days=1),
            ReferralModel.changed_at < end + dt.timedelta(days=1),
        )

    patch.setattr(sweep, "_closed", closed)


@_bug
def _contact_not_placed_with_customer(patch: pytest.MonkeyPatch) -> None:
    below = tuple(one for one in scope.BELOW if one[1] is not CustomerContact)
    patch.setattr(feed, "BELOW", below)


@_bug
def _customer_not_placed_with_referral(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(feed, "ABOVE", ())


@_bug
def _lost_scope_never_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(feed, "_only_in", lambda *_: set())


@_bug
def _lost_scope_told_once(patch: pytest.MonkeyPatch) -> None:
    remember = exchange._remember_scopes

    def at_once(session: Any, device: Any, noted: Any, scopes: Any, _: Any) -> None:
        remember(session, device, noted, scopes, set())

    patch.setattr(exchange, "_remember_scopes", at_once)


@_bug
def _copy_never_told_of_a_lost_scope(patch: pytest.MonkeyPatch) -> None:
    """One copy of an installation is told that a scope is lost; the other one keeps its rows."""
    answer = exchange._answer

    def unreset(page: Any, scopes: Any, *, reset: Any) -> Any:
        return answer(page, scopes, reset=[scope for scope in reset if scope in scopes])

    patch.setattr(exchange, "_answer", unreset)


@_bug
def _page_cursor_skips_a_row(patch: pytest.MonkeyPatch) -> None:
    read_scope = feed._read_scope

    def greedy(*args: Any) -> tuple[int, int]:
        cursor, room = read_scope(*args)
        return (cursor + 1 if room <= 0 else cursor), room

    patch.setattr(feed, "_read_scope", greedy)


@_bug
def _feed_skips_tombstones(patch: pytest.MonkeyPatch) -> None:
    write_entries = feed.Feed._write_entries

    def lively(self: feed.Feed, connection: Any, news: Any) -> None:
        write_entries(self, connection, [one for one in news if not one.gone])

    patch.setattr(feed.Feed, "_write_entries", lively)


# --- By way of a colleague ------------------------------------------------------------------------


@_bug
def _export_counts_as_sent(patch: pytest.MonkeyPatch) -> None:
    export = HandOver.export

    async def hopeful(self: HandOver) -> ExportedFile:
        made = await export(self)
        outbox = self._holdings.outbox
        exported = outbox.waiting()[: made.records]
        await outbox.keep_results([Result(seq=one.seq, state=OpState.OK) for one in exported])
        return made

    patch.setattr(HandOver, "export", hopeful)


@_bug
def _any_receipt_means_accepted(patch: pytest.MonkeyPatch) -> None:
    take_answer = client_round.Round.take_answer

    async def glad(self: client_round.Round, answer: BundleAnswer) -> list[Result]:
        news = [result for result in answer.results if self._outbox._is_news(result)]
        await self._outbox.keep_results(
            [dataclasses.replace(one, state=OpState.OK) for one in news]
        )
        return await take_answer(self, answer)

    patch.setattr(client_round.Round, "take_answer", glad)


@_bug
def _restored_server_never_asks_for_bytes(patch: pytest.MonkeyPatch) -> None:
    """A photo that was accepted waits at a restored server, which nobody sends it again."""
    promised = vars(batch)["kept"]

    def silent(*args: Any, **options: Any) -> Any:
        outcome = promised(*args, **options)
        is_deferred = outcome.state is OpState.DEFERRED
        return dataclasses.replace(outcome, problem=None) if is_deferred else outcome

    patch.setattr(batch, "kept", silent)


# --- Photos and voice notes -----------------------------------------------------------------------


@_bug
def _piece_appended_wherever_it_begins(patch: pytest.MonkeyPatch) -> None:
    """A piece whose answer got lost is taken twice, and nobody looks at the whole."""

    def append(self: BlobFiles, key: BlobKey, _: int, piece: bytes) -> int:
        with blobs._held(self.part(key)) as file:
            end = os.fstat(file).st_size
            blobs._write_all(file, piece, end)
            return end + len(piece)

    class Trusting:
        """A digest that is what was announced."""

        def __init__(self, upload: Any) -> None:
            self._upload = upload

        def sha256(self, _: bytes) -> Any:
            return self

        def hexdigest(self) -> str:
            digest: str = self._upload.key.sha256
            return digest

    finish = blobs._finish

    def unlooked(session: Any, files: Any, upload: Any, now: Any) -> None:
        with patched.object(blobs, "hashlib", Trusting(upload)):
            finish(session, files, upload, now)

    patch.setattr(BlobFiles, "append", append)
    patch.setattr(blobs, "_finish", unlooked)


@_bug
def _collected_bytes_never_sent_again(patch: pytest.MonkeyPatch) -> None:
    """The collector has no patience with bytes whose operation waits; the phone gives them up."""
    collect = vars(server_box)["collect_blobs"]

    def hasty(door: Any, session: Any, files: Any, _: Any) -> Any:
        return collect(door, session, files, dt.timedelta())

    patch.setattr(server_box, "collect_blobs", hasty)
    patch.setattr(client_files, "_lacks_bytes", lambda _: False)


@_bug
def _collector_overlooks_an_attachment(patch: pytest.MonkeyPatch) -> None:
    rows = DatabaseRows.where

    def one_only(self: DatabaseRows, table: Any, **equal: Any) -> Any:
        found = rows(self, table, **equal)
        return found[1:] if table is Attachment and not equal else found

    drop = blob_collection._drop_unnamed

    def forgetful(tx: Any, files: Any, grace: Any, collected: Any) -> None:
        with patched.object(DatabaseRows, "where", one_only):
            drop(tx, files, grace, collected)

    patch.setattr(blob_collection, "_drop_unnamed", forgetful)


@_bug
def _nobody_collects(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(blob_collection, "_drop_unnamed", lambda *_: None)


@_bug
def _file_forgotten_once_it_is_up(patch: pytest.MonkeyPatch) -> None:
    """The bytes are at the server; the operation that names them is recorded by nobody."""

    async def attach(self: FileSync, http: Any, file: Any, way: Any) -> bool:
        is_whole = await send_piece(self, http, file, way)
        if is_whole:
            await self.store.note(file.key, is_settled=True)
        return False

    send_piece = FileSync._send_piece
    patch.setattr(FileSync, "_send_piece", attach)


@_bug
def _file_read_by_whoever_knows_its_digest(patch: pytest.MonkeyPatch) -> None:
    def all_of_them(_: Any, rows: DatabaseRows, __: Any) -> list[str]:
        return list(rows._session.scalars(sa.select(ScopeCounterModel.scope)))

    patch.setattr(blobs, "scopes_of", all_of_them)


# --- Erased customers -----------------------------------------------------------------------------


@_bug
def _erasure_forgets_the_phones(patch: pytest.MonkeyPatch) -> None:
    """Rows are emptied everywhere; what the phones have kept of their own work is not."""

    async def obeyed(*_: object) -> bool:
        return True

    patch.setattr(Outbox, "erase", obeyed)


@_bug
def _erasure_overlooks_an_operation(patch: pytest.MonkeyPatch) -> None:
    """What an operation mentions is noted of those alone that are answered at once."""
    patch.setattr(oplog, "mentions_of", lambda *_: [])


@_bug
def _erasure_leaves_the_files(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(erasure_steps, "_drop_files", lambda *_: None)


@_bug
def _restored_backup_brings_them_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(server_box, "erase_what_is_listed", lambda *_: 0)


@_bug
def _late_word_about_the_erased_is_kept(patch: pytest.MonkeyPatch) -> None:
    """It is refused, as it should be, and lies in the log with all that it says."""
    patch.setattr(batch._Batch, "_keep_nameless", lambda *_: None)
