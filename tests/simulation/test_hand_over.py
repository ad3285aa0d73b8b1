"""A postman without network for days: a colleague carries the records, and the receipts back."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from client.status import CarriedState, ExportedFile, FileTaken, OutboxState, Phase
from client.store import bundles as bundle_store
from client.store.enrolment import Enrolment
from client.sync.sealing import open_answer
from server.identity import begin_new_life
from server.models import db
from server.models.sync import CarriedBundleModel, OpModel
from server.mutations.batch import run_batch
from server.mutations.own import own_transaction
from server.mutations.receiving import ReceivedOp
from server.mutations.transaction import Transaction
from server.sealing import sealed_for
from shared.domain.people import Device
from shared.domain.refusals import RefusedError
from shared.wire.bundles import answer_message, bundle_digest, pack_answer, read_file
from shared.wire.compact import pack
from tests.client.phone import eventually
from tests.server.field_county import COLLEAGUE, COUNTY, HEAD, POSTMAN
from tests.simulation.test_field_chain import County, Person, county, lead, migrated

__all__ = ["county", "migrated"]

NAME = "陈大文"


async def away(county: County, leads: int = 3) -> Person:
    """Return a postman who has recorded leads where no network is."""
    postman = await county.phone_of(POSTMAN)
    postman.adapter.is_cut = True
    county.move(days=3)
    for number in range(leads):
        await postman.field.record(
            "submit_referral", lead(postman.field, f"{NAME}{number}", None, None)
        )
    return postman


async def carried(carrier: Person, made: ExportedFile) -> ExportedFile:
    """Let a colleague take a bundle, meet the network, and save the answer."""
    digest = bundle_digest(made.content)
    taken = await carrier.field.hand_over.take(made.content)
    assert taken.bundle is not None
    assert taken.bundle.state is CarriedState.WAITING
    assert (await carrier.field.sync_now()).phase is Phase.IDLE
    await eventually(lambda: carrier.field.hand_over.carried()[0].has_answer)
    answer = await carrier.field.hand_over.answer(digest)
    await carrier.field.hand_over.note_handed_back(digest)
    return answer


@contextmanager
def own(county: County) -> Iterator[Transaction]:
    """Give a transaction of the server itself."""
    with (
        county.app.app_context(),
        Session(db.engine) as session,
        own_transaction(county.services.door, session, COUNTY.id) as tx,
    ):
        yield tx


def copy_of(county: County) -> Path:
    """Copy the server's database as it is now."""
    path = county.folder / f"copy-{uuid.uuid4().hex}.sqlite3"
    _copy(county.folder / "liandong.sqlite3", path)
    return path


def put_back(county: County, path: Path) -> None:
    """Put a copy in the place of the server's database."""
    with county.app.app_context():
        db.session.remove()
        db.engine.dispose()
    _copy(path, county.folder / "liandong.sqlite3")


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def states(person: Person) -> list[OutboxState]:
    return [item.state for item in reversed(person.field.outbox())]


def enrolment_of(person: Person) -> Enrolment:
    enrolment = person.field._enrolment
    assert enrolment is not None
    return enrolment


def has_handed_over(person: Person) -> bool:
    """Tell whether the phone says that what waits was saved as a file."""
    return person.field.hand_over.handed_over is not None


def ops(county: County) -> int:
    """Count what of the postman's phone is in the op log, whoever brought it."""
    with county.app.app_context(), Session(db.engine) as session:
        return (
            session.scalar(sa.select(sa.func.count()).where(OpModel.name == "submit_referral")) or 0
        )


async def test_a_colleague_brings_the_records_and_the_receipts_come_back(county: County) -> None:
    """The whole way; then the postman meets the network himself, and nothing is there twice."""
    postman, colleague = await away(county), await county.phone_of(COLLEAGUE)
    made = await postman.field.hand_over.export()
    assert (made.records, made.left_out) == (3, 0)
    assert NAME.encode() not in made.content
    assert states(postman) == [OutboxState.WAITING] * 3, "nothing is settled by an export"
    await postman.field.hand_over.note_exported(made)
    assert has_handed_over(postman)

    answer = await carried(colleague, made)
    assert ops(county) == 3
    taken = await postman.field.hand_over.take(answer.content)
    assert (taken.settled, taken.problem) == (3, None)
    assert states(postman) == [OutboxState.OK] * 3
    assert not has_handed_over(postman)
    assert all(item.receipt_number for item in postman.field.outbox())

    again = await postman.restart()
    assert [item.state for item in again.outbox()] == [OutboxState.OK] * 3, "receipts are durable"
    postman.adapter.is_cut = False
    status = await again.sync_now()
    assert (status.phase, status.waiting, status.needs_me) == (Phase.IDLE, 0, 0)
    assert ops(county) == 3


async def test_the_audit_says_who_carried(county: County) -> None:
    postman, colleague = await away(county, 2), await county.phone_of(COLLEAGUE)
    made = await postman.field.hand_over.export()
    await carried(colleague, made)
    with county.app.app_context(), Session(db.engine) as session:
        (noted,) = session.scalars(sa.select(CarriedBundleModel)).all()
        assert noted.carrier_staff_id == COLLEAGUE.id
        assert noted.digest == bundle_digest(made.content)
        assert (noted.first_seq, noted.last_seq) == (1, 2)


async def test_two_carriers_and_the_origin_itself_count_once(county: County) -> None:
    """Exported twice, carried by two, and the origin was quicker: all receipts are the same."""
    postman = await away(county)
    colleague, head = await county.phone_of(COLLEAGUE), await county.phone_of(HEAD)
    first = await postman.field.hand_over.export()
    await postman.field.record("submit_referral", lead(postman.field, "林二姐", None, None))
    second = await postman.field.hand_over.export()
    newer = await carried(head, second)
    older = await carried(colleague, first)
    postman.adapter.is_cut = False
    assert (await postman.field.sync_now()).waiting == 0
    numbers = [item.receipt_number for item in postman.field.outbox()]
    for answer in (older, newer, older):
        assert (await postman.field.hand_over.take(answer.content)) == FileTaken(settled=0)
    assert [item.receipt_number for item in postman.field.outbox()] == numbers
    assert ops(county) == 4


async def test_a_refusal_comes_back_with_its_reason(county: County) -> None:
    postman, colleague = await away(county, 0), await county.phone_of(COLLEAGUE)
    field = postman.field
    again = lead(field, NAME, None, None)
    await field.record("submit_referral", again)
    # Under the same id: only the server can know that it refuses the second one.
    await field._open.holdings.outbox.append(
        {**(field._open.holdings.outbox.entries[1].op or {}), "seq": 2}
    )
    answer = await carried(colleague, await field.hand_over.export())
    await field.hand_over.take(answer.content)
    assert states(postman) == [OutboxState.OK, OutboxState.REJECTED]
    assert field.status.needs_me == 1


async def test_a_carrier_can_restart_between_all_steps(county: County) -> None:
    """What he carries survives on his phone; brought twice, the same bundle is one."""
    postman, colleague = await away(county), await county.phone_of(COLLEAGUE)
    colleague.adapter.is_cut = True
    made = await postman.field.hand_over.export()
    for _ in range(2):
        await colleague.field.hand_over.take(made.content)
    await colleague.restart()
    (waiting,) = colleague.field.hand_over.carried()
    assert waiting.state is CarriedState.WAITING
    assert colleague.field.outbox() == [], "it is no record of his"
    colleague.adapter.is_cut = False
    await colleague.field.sync_now()
    await eventually(lambda: colleague.field.hand_over.carried()[0].state is CarriedState.ANSWERED)
    await colleague.restart()
    answer = await colleague.field.hand_over.answer(waiting.digest)
    assert not colleague.field.hand_over.carried()[0].is_handed_back
    assert (await postman.field.hand_over.take(answer.content)).settled == 3
    await colleague.field.hand_over.drop(waiting.digest)
    await colleague.restart()
    assert colleague.field.hand_over.carried() == []


async def test_an_answer_is_of_use_to_its_origin_alone(county: County) -> None:
    postman, colleague = await away(county), await county.phone_of(COLLEAGUE)
    answer = await carried(colleague, await postman.field.hand_over.export())
    with pytest.raises(RefusedError) as refused:
        await colleague.field.hand_over.take(answer.content)
    assert refused.value.slug == "answer-foreign"
    assert NAME.encode() not in answer.content


async def test_no_changed_byte_of_an_answer_is_believed(county: County) -> None:
    postman, colleague = await away(county, 1), await county.phone_of(COLLEAGUE)
    answer = (await carried(colleague, await postman.field.hand_over.export())).content
    for at in range(0, len(answer), 37):
        changed = answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
        with pytest.raises(RefusedError):
            await postman.field.hand_over.take(changed)
    assert states(postman) == [OutboxState.WAITING]


async def test_what_was_exported_counts_as_sent_should_the_journal_lose_its_end(
    county: County,
) -> None:
    """The server may know these sequences from now on: none of them is given out again."""
    postman = await away(county)
    made = await postman.field.hand_over.export()
    await postman.field.stop()
    journals = sorted(postman.folder.glob("journal*"))
    for journal in journals:
        if journal.suffix != ".lock":
            journal.unlink()
    again = await postman.restart()
    assert again._open.holdings.outbox.next_sequence == made.last + 1


async def test_a_receipt_for_other_content_is_not_believed(county: County) -> None:
    """Even in an answer that the server has signed: each receipt vouches for one operation."""
    postman, colleague = await away(county, 1), await county.phone_of(COLLEAGUE)
    answer = await carried(colleague, await postman.field.hand_over.export())
    field = postman.field
    opened = await open_answer(field._device.keys, enrolment_of(postman), read_file(answer.content))
    result = opened.results[0].to_json()
    receipt: Any = result["receipt"]
    values: dict[str, Any] = {
        "device": enrolment_of(postman).device,
        "server_time": opened.server_time,
        "last": opened.last,
        "results": [{**result, "receipt": {**receipt, "digest": "0" * 64}}],
    }
    body = pack(values)
    content = pack_answer(body, county.services.door.signer.sign(answer_message(body)))
    forged = sealed_for(await field._device.keys.answer_key(), content)
    with pytest.raises(RefusedError):
        await field.hand_over.take(forged)
    assert states(postman) == [OutboxState.WAITING]


async def test_a_revoked_phone_is_told_and_its_work_is_set_aside(county: County) -> None:
    postman, colleague = await away(county), await county.phone_of(COLLEAGUE)
    made = await postman.field.hand_over.export()
    with own(county) as tx:
        (row,) = tx.rows.where(Device, staff_id=POSTMAN.id)
        tx.put(dataclasses.replace(row, revoked_at=tx.moment.now))
    answer = await carried(colleague, made)
    taken = await postman.field.hand_over.take(answer.content)
    assert taken.problem is not None
    assert taken.problem.slug == "device-revoked"
    assert states(postman) == [OutboxState.WAITING] * 3
    assert ops(county) == 0


async def test_a_cloned_phone_is_told(county: County) -> None:
    """Another copy has synced: what its sequences hold is not what this bundle holds."""
    postman, colleague = await away(county, 1), await county.phone_of(COLLEAGUE)
    made = await postman.field.hand_over.export()
    outbox = postman.field._open.holdings.outbox
    other = {**(outbox.entries[1].op or {})}
    with county.app.app_context(), Session(db.engine) as session:
        forged = ReceivedOp(1, {**other, "base": {"another": 1}})
        number = enrolment_of(postman).device
        run_batch(county.services.door, session, number, COUNTY.id, [forged])
    answer = await carried(colleague, made)
    taken = await postman.field.hand_over.take(answer.content)
    assert taken.problem is not None
    assert taken.problem.slug == "forked"
    assert states(postman) == [OutboxState.WAITING]


async def test_after_a_restore_the_next_bundle_holds_what_was_lost(county: County) -> None:
    """Receipts had come for the first; then the server lost it, and says so by the answer."""
    postman, colleague = await away(county), await county.phone_of(COLLEAGUE)
    before = copy_of(county)
    answer = await carried(colleague, await postman.field.hand_over.export())
    await postman.field.hand_over.take(answer.content)
    numbers = {item.seq: item.receipt_number for item in postman.field.outbox()}

    put_back(county, before)
    with county.app.app_context(), Session(db.engine) as session:
        begin_new_life(session, county.services.door.signer)
        session.commit()
    await postman.field.record("submit_referral", lead(postman.field, "林二姐", None, None))
    gap = await postman.field.hand_over.export()
    assert gap.records == 1
    county.move(days=1)
    told = await carried(colleague, gap)
    carrier_sees = colleague.field.hand_over.carried()[0]
    assert carrier_sees.state is CarriedState.EARLIER
    taken = await postman.field.hand_over.take(told.content)
    assert taken.problem is not None
    assert taken.problem.slug == "sequence-gap"

    whole = await postman.field.hand_over.export()
    assert whole.records == 4
    answer = await carried(colleague, whole)
    assert (await postman.field.hand_over.take(answer.content)).settled == 4
    assert ops(county) == 4
    now = {item.seq: item.receipt_number for item in postman.field.outbox()}
    assert {seq: now[seq] for seq in numbers} == numbers, "promised numbers are kept"
    # The one that had come too early is brought again by itself, and answered.
    county.move(days=1)
    await colleague.field.sync_now()
    await eventually(
        lambda: all(
            one.state is CarriedState.ANSWERED for one in colleague.field.hand_over.carried()
        )
    )


async def test_an_old_answer_takes_nothing_back(county: County) -> None:
    """What a bundle was told before the phone heard better is no news any more."""
    postman, colleague = await away(county), await county.phone_of(COLLEAGUE)
    made = await postman.field.hand_over.export()
    before = copy_of(county)
    answer = await carried(colleague, made)
    await postman.field.hand_over.take(answer.content)
    await postman.field.record("submit_referral", lead(postman.field, "林二姐", None, None))
    late = await postman.field.hand_over.export()
    after = copy_of(county)
    put_back(county, before)
    told = await carried(colleague, late)
    put_back(county, after)
    county.move(days=1)
    postman.adapter.is_cut = False
    assert (await postman.field.sync_now()).waiting == 0
    await postman.field.hand_over.take(told.content)
    assert states(postman) == [OutboxState.OK] * 4


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "bundle-unreadable"),
        (b"%PDF-1.7 a foreign file" * 50, "bundle-unreadable"),
        (b"LDBF" + bytes(500_000), "bundle-too-large"),
    ],
)
async def test_a_file_that_is_none_is_refused_in_words(
    county: County, content: bytes, slug: str
) -> None:
    colleague = await county.phone_of(COLLEAGUE)
    with pytest.raises(RefusedError) as refused:
        await colleague.field.hand_over.take(content)
    assert refused.value.slug == slug


async def test_a_cut_file_is_refused_at_the_import(county: County) -> None:
    postman, colleague = await away(county, 1), await county.phone_of(COLLEAGUE)
    made = (await postman.field.hand_over.export()).content
    for length in (0, 20, 100, len(made) - 1):
        with pytest.raises(RefusedError) as refused:
            await colleague.field.hand_over.take(made[:length])
        assert refused.value.slug == "bundle-unreadable"
    assert colleague.field.hand_over.carried() == []


async def test_a_bundle_of_another_server_is_told_from_a_damaged_one(county: County) -> None:
    postman, colleague = await away(county, 1), await county.phone_of(COLLEAGUE)
    round_ = postman.field.hand_over._round
    other = await colleague.field._device.keys.answer_key()
    round_.enrolment = dataclasses.replace(round_.enrolment, sealing_key=other)
    made = await postman.field.hand_over.export()
    await colleague.field.hand_over.take(made.content)
    await colleague.field.sync_now()
    await eventually(lambda: colleague.field.hand_over.carried()[0].problem)
    (shown,) = colleague.field.hand_over.carried()
    assert shown.state is CarriedState.REFUSED
    assert shown.problem is not None
    assert shown.problem.slug == "bundle-foreign"


async def test_there_is_room_for_a_few(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next place is that of a bundle whose answer went back; without one, it is refused."""
    monkeypatch.setattr(bundle_store, "PLACES", 2)
    postman, colleague = await away(county, 1), await county.phone_of(COLLEAGUE)
    hand_over = colleague.field.hand_over
    answered = await postman.field.hand_over.export()
    await carried(colleague, answered)
    colleague.adapter.is_cut = True
    for _ in range(2):
        last = await postman.field.hand_over.export()
        await hand_over.take(last.content)
    assert len(hand_over.carried()) == 2
    with pytest.raises(RefusedError) as refused:
        await hand_over.take((await postman.field.hand_over.export()).content)
    assert refused.value.slug == "bundle-tray-full"
    digests = {one.digest for one in hand_over.carried()}
    assert bundle_digest(answered.content) not in digests
    assert bundle_digest(last.content) in digests


async def test_nothing_to_hand_over_is_said(county: County) -> None:
    postman = await away(county, 0)
    with pytest.raises(RefusedError) as refused:
        await postman.field.hand_over.export()
    assert refused.value.slug == "nothing-waits"


async def test_a_lost_list_of_bundles_stops_nobody(county: County) -> None:
    postman, colleague = await away(county, 1), await county.phone_of(COLLEAGUE)
    colleague.adapter.is_cut = True
    made = await postman.field.hand_over.export()
    await colleague.field.hand_over.take(made.content)
    settings = colleague.field._device.settings
    for name in ("carried/list", "carried/list-copy"):
        await settings.put(name, json.dumps([{"slot": "x"}]).encode())
    await colleague.restart()
    assert colleague.field.hand_over.carried() == []
    await colleague.field.hand_over.take(made.content)
    assert len(colleague.field.hand_over.carried()) == 1
