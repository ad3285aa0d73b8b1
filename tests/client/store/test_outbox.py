"""The outbox through the engine: damage in the journal, a full device, a second copy of the app."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from typing import Any

import pytest

from client.device import JournalPositionTakenError, SealedItem, StorageFullError
from client.device.journal_file import FileJournal
from client.engine import Field
from client.status import FieldState, OutboxState, Phase
from client.store.record import decode_record, encode_record
from client.store.sealed import Result
from shared.domain.referral import Referral
from shared.domain.refusals import RefusedError
from shared.wire.envelope import OpState
from tests.client.fake_server import FakeServer
from tests.client.phone import PIN, Phone, eventually, lead


async def record(field: Field, *names: str) -> list[str]:
    ids = []
    for name in names:
        args = lead(field, name)
        await field.record("submit_referral", args)
        ids.append(args.id)
    return ids


async def damage(phone: Phone, position: int) -> None:
    """Flip a bit in the body of a record, as an ageing memory chip does."""
    phone.kill()
    journal = FileJournal(phone.folder / "journal")
    content = bytearray((await journal.load())[position])
    content[-20] ^= 1
    await journal.replace(position, bytes(content))
    journal.close()


def states(field: Field) -> dict[int, OutboxState]:
    return {item.seq: item.state for item in reversed(field.outbox())}


async def test_sequence_is_never_given_out_again(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    await record(field, "一", "二")
    field = await phone.reopened()
    await field.sync_now()
    field = await phone.reopened()
    kept = await field.record("submit_referral", lead(field, "三"))
    assert kept.seq == 3
    await field.sync_now()
    assert sorted(server.ops[7]) == [1, 2, 3]


async def test_damaged_record_is_reported_and_its_sequence_accounted_for(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    ids = await record(field, "一", "二", "三")
    await damage(phone, 1)
    field = await phone.reopened()
    assert states(field) == {
        1: OutboxState.WAITING,
        2: OutboxState.DAMAGED,
        3: OutboxState.WAITING,
    }
    assert (field.status.damaged, field.status.needs_me) == (1, 1)
    assert [row.id for row in field.world.where(Referral)] == [ids[0], ids[2]]

    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.IDLE, 0)
    assert [row.id for row in server.where(Referral)] == [ids[0], ids[2]]
    assert server.ops[7][2].result["state"] == "rejected", "the office learns of the loss"
    assert states(field) == {1: OutboxState.OK, 2: OutboxState.DAMAGED, 3: OutboxState.OK}
    field = await phone.reopened()
    await asyncio.sleep(0)
    assert states(field)[2] is OutboxState.DAMAGED
    assert (await field.sync_now()).phase is Phase.IDLE


async def test_damaged_record_that_the_server_has_is_no_fork(
    phone: Phone, server: FakeServer
) -> None:
    """The op had arrived, its answer was lost, and then the record went bad."""
    field = await phone.enrolled()
    ids = await record(field, "一", "二")
    server.replace_reply = lambda _: None
    await field.sync_now()
    await damage(phone, 0)
    field = await phone.reopened()
    ids += await record(field, "三")
    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.IDLE, 0)
    assert [row.id for row in server.where(Referral)] == ids
    assert [row.id for row in field.world.where(Referral)] == ids


async def test_damaged_record_of_which_the_server_says_nothing_does_not_dam_the_queue(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    ids = await record(field, "一", "二")
    server.replace_reply = lambda _: None
    await field.sync_now()
    await damage(phone, 0)
    server.answers_open = False
    field = await phone.reopened()
    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.IDLE, 0)
    assert [row.id for row in server.where(Referral)] == ids


async def test_answers_of_another_form_are_asked_for_again(
    phone: Phone, server: FakeServer
) -> None:
    """Sealed rightly, by an app that wrote answers in another way."""
    field = await phone.enrolled()
    await record(field, "一")
    await field.sync_now()
    sealer = field._open.holdings.outbox._sealer
    await field.lock()
    phone.kill()
    journal = FileJournal(phone.folder / "journal")
    await journal.load()
    odd = replace(await sealer.seal_results([Result(seq=1, state=OpState.OK)]), body=b"")
    (body,) = await phone.device.keys.seal(
        sealer._data_key, [SealedItem(odd.context, b'[{"seq":1}]')]
    )
    await journal.replace(1, encode_record(replace(odd, body=body)))
    journal.close()
    field = await phone.reopened()
    assert (field.status.damaged, field.status.waiting) == (1, 1)
    assert (await field.sync_now()).waiting == 0
    assert len(server.where(Referral)) == 1


async def test_unreadable_note_of_what_was_sent_is_as_good_as_none(phone: Phone) -> None:
    field = await phone.enrolled()
    await record(field, "一")
    await field.sync_now()
    await phone.device.settings.put("sent/7", b"many")
    field = await phone.reopened()
    assert (await field.record("submit_referral", lead(field, "二"))).seq == 2


async def test_damaged_record_at_the_end_keeps_its_sequence_taken(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    ids = await record(field, "一", "二")
    server.replace_reply = lambda _: None
    await field.sync_now()
    await damage(phone, 1)
    field = await phone.reopened()
    kept = await field.record("submit_referral", lead(field, "三"))
    assert kept.seq == 3
    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.IDLE, 0)
    assert [row.id for row in server.where(Referral)][:2] == ids


async def test_journal_that_lost_its_end_does_not_give_out_sent_sequences(
    phone: Phone, server: FakeServer
) -> None:
    """A memory card that lied about fsync: two records are gone without a trace."""
    field = await phone.enrolled()
    await record(field, "一")
    size = (phone.folder / "journal").stat().st_size
    await record(field, "二", "三")
    server.replace_reply = lambda _: None
    await field.sync_now()
    phone.kill()
    content = (phone.folder / "journal").read_bytes()
    for name in ("journal", "journal-copy"):
        (phone.folder / name).write_bytes(content[:size])
    field = await phone.reopened()
    kept = await field.record("submit_referral", lead(field, "四"))
    assert kept.seq == 4
    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.IDLE, 0)
    assert len(server.where(Referral)) == 4
    assert len(field.world.where(Referral)) == 4


async def test_ops_that_only_the_server_knows_betray_a_copy(
    phone: Phone, server: FakeServer
) -> None:
    """The storage is an old copy: nothing in it tells of what was sent since."""
    field = await phone.enrolled()
    await record(field, "一", "二")
    await field.sync_now()
    await field.lock()
    phone.kill()
    for name in ("journal", "journal-copy", "journal-count"):
        (phone.folder / name).write_bytes(b"")
    (phone.folder / "settings" / "sent%2F7").unlink()
    field = await phone.reopened()
    await field.record("submit_referral", lead(field, "三"))
    for _ in range(2):
        status = await field.sync_now()
        assert (status.phase, status.pause_slug) == (Phase.PAUSED, "forked")
    assert (field.status.damaged, field.status.waiting) == (0, 1)
    server.people["NEXT2345EFGH"] = server.people["ABCD2345EFGH"]
    await field.enrol("NEXT-2345-EFGH", "测试机")
    await field.unlock(PIN)
    assert (await field.sync_now()).waiting == 0
    assert len(server.where(Referral)) == 3


async def test_copy_that_only_looks_learns_of_the_other(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    await record(field, "一")
    await field.sync_now()
    await field.lock()
    phone.kill()
    copy = Phone(phone.folder.with_name("copy"), server)
    shutil.copytree(phone.folder, copy.folder)
    field = await phone.reopened()
    await record(field, "二")
    await field.sync_now()
    other = await copy.reopened()
    status = await other.sync_now()
    assert (status.phase, status.pause_slug) == (Phase.PAUSED, "forked")
    assert (await field.sync_now()).phase is Phase.IDLE
    copy.kill()


async def test_damaged_answers_are_asked_for_again(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    await record(field, "一")
    await field.sync_now()
    await field.lock()
    await damage(phone, 1)
    field = await phone.reopened()
    assert states(field)[1] is OutboxState.WAITING
    assert field.status.damaged == 1
    await field.sync_now()
    assert states(field)[1] is OutboxState.OK
    assert len(server.where(Referral)) == 1


async def test_foreign_bytes_in_the_body_are_set_aside(phone: Phone) -> None:
    """The checksum is right, the seal is not: somebody put another record's body there."""
    field = await phone.enrolled()
    await record(field, "一", "二")
    phone.kill()
    journal = FileJournal(phone.folder / "journal")
    one, two = (decode_record(content) for content in await journal.load())
    await journal.replace(0, encode_record(replace(one, body=two.body)))
    await journal.replace(1, encode_record(replace(two, wrapped_key=one.wrapped_key)))
    journal.close()
    field = await phone.reopened()
    assert states(field) == {1: OutboxState.DAMAGED, 2: OutboxState.DAMAGED}
    assert field.status.damaged == 2


async def test_op_that_can_not_be_opened_ends_its_batch_and_is_settled_by_itself(
    phone: Phone, server: FakeServer
) -> None:
    """A restored server asks again for a record that went bad after it had been answered."""
    field = await phone.enrolled()
    ids = await record(field, "一", "二", "三")
    await field.sync_now()
    await field.lock()
    phone.kill()
    journal = FileJournal(phone.folder / "journal")
    one, two = (decode_record(content) for content in (await journal.load())[:2])
    await journal.replace(1, encode_record(replace(two, body=one.body)))
    journal.close()
    field = await phone.reopened()
    field._open._opening.cancel()  # Nobody has looked at it since.
    server.restore(ops_up_to=0)
    status = await field.sync_now()
    assert (status.phase, status.waiting, status.damaged) == (Phase.IDLE, 0, 1)
    assert [row.id for row in server.where(Referral)] == [ids[0], ids[2]]
    assert states(field)[2] is OutboxState.DAMAGED


async def test_batch_ends_before_an_op_that_can_not_be_opened(phone: Phone) -> None:
    field = await phone.enrolled()
    await record(field, "一", "二", "三")
    outbox = field._open.holdings.outbox
    spoilt = outbox.entries[2]
    assert spoilt.record is not None
    spoilt.op, spoilt.record = None, replace(spoilt.record, body=bytes(60))
    batch = await outbox.batch(count_max=9, bytes_max=9999)
    assert [op["seq"] for op in batch] == [1]
    assert spoilt.is_lost


async def test_erased_op_is_neither_damaged_nor_sent_again(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await record(field, "一", "二")
    await field.sync_now()
    await field.lock()
    phone.kill()
    journal = FileJournal(phone.folder / "journal")
    first = decode_record((await journal.load())[0])
    await journal.replace(0, encode_record(first.erased()))
    journal.close()
    field = await phone.reopened()
    await asyncio.sleep(0.01)
    assert field.status.damaged == 0
    assert list(states(field)) == [2]
    assert dict(field.args_of(1)) == {}
    assert (await field.sync_now()).phase is Phase.IDLE
    kept = await field.record("submit_referral", lead(field, "三"))
    assert kept.seq == 3
    assert len(server.where(Referral)) == 2


async def test_result_for_an_op_that_this_phone_never_made_is_left_alone(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await field.sync_now()
    outbox = field._open.holdings.outbox
    news = await outbox.keep_results([Result(seq=9, state=OpState.DEFERRED)])
    assert news == []
    assert server.ops[7] == {}


async def test_full_device_refuses_the_record_and_keeps_its_draft(phone: Phone) -> None:
    class FullJournal(FileJournal):
        is_full = True

        async def append(self, position: int, record: bytes) -> None:
            if self.is_full:
                raise StorageFullError
            await super().append(position, record)

    await phone.enrolled()
    journal = FullJournal(phone.folder / "journal")
    field = await phone.reopened(journal=journal)
    field.drafts.keep("lead", {"note": "看瓜"})
    with pytest.raises(RefusedError) as refused:
        await field.record("submit_referral", lead(field), draft="lead")
    assert refused.value.slug == "storage-full"
    assert field.world.where(Referral) == []
    assert list(field.outbox()) == []
    assert field.drafts.get("lead") is not None
    journal.is_full = False
    assert (await field.record("submit_referral", lead(field), draft="lead")).seq == 1
    assert field.drafts.get("lead") is None
    journal.close()


async def test_second_copy_of_the_app_is_refused_until_the_first_is_closed(phone: Phone) -> None:
    first = await phone.enrolled()
    second = Field(phone.new_device())
    assert await second.load() is FieldState.ELSEWHERE
    await record(first, "一")
    await first.stop()
    phone._journals[0].close()
    assert await second.load() is FieldState.LOCKED
    await second.unlock(PIN)
    assert len(second.world.where(Referral)) == 1


async def test_record_is_refused_once_another_copy_has_written(phone: Phone) -> None:
    class TakenJournal(FileJournal):
        async def append(self, position: int, record: bytes) -> None:
            del record
            raise JournalPositionTakenError(position)

    await phone.enrolled()
    journal = TakenJournal(phone.folder / "journal")
    field = await phone.reopened(journal=journal)
    with pytest.raises(RefusedError) as refused:
        await field.record("submit_referral", lead(field))
    assert refused.value.slug == "open-elsewhere"
    assert field.state is FieldState.ELSEWHERE
    journal.close()


async def test_record_is_kept_although_its_caller_goes_away(phone: Phone) -> None:
    class SlowJournal(FileJournal):
        async def append(self, position: int, record: bytes) -> None:
            started.set()
            await asyncio.sleep(0.01)
            await super().append(position, record)

    started = asyncio.Event()
    await phone.enrolled()
    journal = SlowJournal(phone.folder / "journal")
    field = await phone.reopened(journal=journal)
    task = asyncio.create_task(field.record("submit_referral", lead(field)))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(field.outbox)
    kept = await field.record("submit_referral", lead(field, "二"))
    assert kept.seq == 2
    journal.close()
    assert len((await phone.reopened()).outbox()) == 2


async def test_records_made_at_the_same_time_get_sequences_of_their_own(phone: Phone) -> None:
    field = await phone.enrolled()
    leads: list[Any] = [lead(field, f"客户{n}") for n in range(10)]
    kept = await asyncio.gather(*(field.record("submit_referral", args) for args in leads))
    assert sorted(one.seq for one in kept) == list(range(1, 11))
    assert len((await phone.reopened()).outbox()) == 10


async def test_copied_install_is_enrolled_anew_and_loses_nothing(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    ids = await record(field, "一")
    await field.sync_now()
    ids += await record(field, "二", "三")
    await field.stop()
    server.people["NEXT2345EFGH"] = server.people["ABCD2345EFGH"]
    await field.enrol("NEXT-2345-EFGH", "测试机")
    assert field.state is FieldState.LOCKED
    await field.unlock(PIN)
    assert field.status.waiting == 2
    await field.sync_now()
    assert [row.id for row in server.where(Referral)] == ids
    assert sorted(server.ops[8]) == [1, 2]
    field = await phone.reopened()
    assert field.status.waiting == 0
    await field.sync_now()
    assert sorted(server.ops[8]) == [1, 2], "moved once"
