"""A phone that is enrolled anew sends its work under another number: all of it, and once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from requests.exceptions import ConnectionError as NoConnectionError

from client.status import OutboxState, Phase
from server.enrolment import issue_code
from shared.domain.harvest import HarvestDate
from shared.domain.people import Staff
from shared.domain.referral import Referral
from shared.wire.envelope import OpForm, OpState, earlier_forms, moved_op, op_digest
from tests.client.phone import PIN
from tests.server.field_county import COLLEAGUE, HEAD, MANAGER, POSTMAN
from tests.server.test_restore import Box, Person, Story, lead
from tests.server.test_restore import box as box  # noqa: PLC0414 - the fixture

OP: dict[str, Any] = {"seq": 7, "name": "see_notice", "v": 1, "args": {"ids": []}, "by": "S1"}


def test_a_moved_op_says_what_it_was_and_nothing_else() -> None:
    once = {**moved_op(OP, 5), "seq": 1}
    twice = {**moved_op(once, 9), "seq": 3}
    assert twice["was"] == [[5, 7], [9, 1]]
    assert [*earlier_forms(twice)] == [
        OpForm(9, 1, op_digest(once)),
        OpForm(5, 7, op_digest(OP)),
    ]
    assert not [*earlier_forms(OP)]


@pytest.mark.parametrize(
    "was", [None, 5, [5], [[5]], [[5, 7, 1]], [[5, True]], [["5", 7]], [[5, 7]] * 101]
)
def test_a_past_of_another_shape_says_nothing(was: Any) -> None:
    assert not [*earlier_forms({**OP, "was": was})]


def told(story: Callable[[Box], Coroutine[Any, Any, None]]) -> Callable[[Box], None]:
    """Make a test of a story that is told asynchronously."""

    def test(box: Box) -> None:
        asyncio.run(story(box))

    test.__doc__ = story.__doc__
    return test


@contextmanager
def answers_lost(person: Person) -> Iterator[None]:
    """Let requests arrive, and their answers get lost."""
    send = person.adapter.send

    def lost(*args: Any, **kwargs: Any) -> Any:
        send(*args, **kwargs)
        raise NoConnectionError

    person.adapter.send = lost  # type: ignore[method-assign]
    try:
        yield
    finally:
        person.adapter.send = send  # type: ignore[method-assign]


async def enrol_anew(box: Box, person: Person, staff: Staff) -> None:
    with box.session() as session:
        code = issue_code(box.services.door, box.services.config, session, staff).code
    await person.field.enrol(code, "anew")
    await person.field.unlock(PIN)


async def _shift_once(box: Box) -> None:
    """A relative shift whose answer got lost moves the sale once."""
    story = await Story.begun(box)
    await story.round()
    postman = story.people[0]
    await postman.field.record(
        "shift_harvest_dates", {"ids": [story.sale_id], "days": -3, "reason": "寒潮"}
    )
    with answers_lost(postman):
        assert (await postman.field.sync_now()).phase is Phase.OFFLINE
    (shifted,) = box.rows()[HarvestDate]
    await enrol_anew(box, postman, POSTMAN)
    await postman.sync()
    assert box.rows()[HarvestDate] == [shifted]
    assert postman.states() == {OutboxState.OK}
    assert postman.field.world.get(HarvestDate, story.sale_id) == shifted
    await postman.field.stop()


async def _restored_before_contact(box: Box) -> None:
    """The server is put back, and the phone enrolled anew before it hears of that."""
    story = await Story.begun(box)
    backup = box.back_up()
    for step in story.steps:
        await step()
    rows, transfers = box.rows(), box.transfers()
    numbers = {one.field.me.id: set(one.receipts().values()) for one in story.people}
    box.restore(backup)
    for person, staff in zip(story.people, (POSTMAN, MANAGER, HEAD), strict=True):
        await enrol_anew(box, person, staff)
        await person.sync()
    for person in story.people:
        await person.sync()
        await person.sync()
    for table, held in box.rows().items():
        assert held == rows[table]
    assert box.transfers() == transfers
    for person in story.people:
        assert set(person.receipts().values()) == numbers[person.field.me.id]
        await person.field.stop()


async def _enrolled_since(box: Box) -> None:
    """The server is put back to before a phone was enrolled: it does not know its number."""
    story = await Story.begun(box)
    backup = box.back_up()
    late = await box.phone_of(COLLEAGUE)
    report = lead(late.field, "陈大文", "13800000009")
    await late.do("submit_referral", report)
    (kept,) = box.rows()[Referral]
    box.restore(backup)
    assert (await late.field.sync_now()).pause_slug == "unauthenticated"
    await enrol_anew(box, late, COLLEAGUE)
    await late.sync()
    await late.restart()
    await late.sync()
    assert box.rows()[Referral] == [kept]
    assert late.states() == {OutboxState.OK}
    for person in (*story.people, late):
        await person.field.stop()


async def _restored_after_move(box: Box) -> None:
    """What was done under the first number comes back although the phone has had another since."""
    story = await Story.begun(box)
    postman = story.people[0]
    backups = [box.back_up(), box.back_up()]
    await postman.do("submit_referral", lead(postman.field, "陈大文", "13800000001"))
    await enrol_anew(box, postman, POSTMAN)
    await postman.do("submit_referral", lead(postman.field, "林二姐", "13800000002"))
    kept = box.rows()[Referral]
    assert len(kept) == 2
    for backup in backups:
        box.restore(backup)
        assert (await postman.field.sync_now()).pause_slug == "unauthenticated"
        await enrol_anew(box, postman, POSTMAN)
        await postman.sync()
        assert box.rows()[Referral] == kept
    for person in story.people:
        await person.field.stop()


async def _restored_in_secret(box: Box) -> None:
    """Nobody has announced the restore, and the phone is enrolled anew before anybody notices.

    The generation is the same: only the highest sequence of the old number tells what is lost.
    """
    story = await Story.begun(box)
    postman = story.people[0]
    backup = box.back_up()
    await postman.do("submit_referral", lead(postman.field, "陈大文", "13800000001"))
    kept = box.rows()[Referral]
    box.restore(backup, announced=False)
    await enrol_anew(box, postman, POSTMAN)
    await postman.sync()
    assert box.rows()[Referral] == kept
    assert postman.states() == {OutboxState.OK}
    for person in story.people:
        await person.field.stop()


async def _others_wait_on(box: Box) -> None:
    """Somebody's operation waits for one that comes under another number than it was made under."""
    story = await Story.begun(box)
    postman, _, head = story.people
    made = lead(postman.field, "陈大文", "13800000001")
    await postman.field.record("submit_referral", made)
    outbox = head.field._open.holdings.outbox
    op: dict[str, Any] = {
        **head.field._open.holdings.lost_record(),
        "name": "void_referral",
        "args": {"id": made.id, "reason": "重复"},
    }
    await outbox.append(op)
    await head.sync()
    assert head.states() == {OutboxState.DEFERRED}
    await enrol_anew(box, postman, POSTMAN)
    await postman.sync()
    # Decided at once: about a lead that its author can't have seen, with no.
    assert [state for *_, state, _, _ in box.op_log()] == [OpState.REJECTED, OpState.OK]
    await head.sync()
    assert head.states() == {OutboxState.REJECTED}
    for person in story.people:
        await person.field.stop()


async def _bodies_go(box: Box) -> None:
    """What was moved is on the phone once: under the old number, its text is destroyed."""
    story = await Story.begun(box)
    postman = story.people[0]
    await postman.field.record("submit_referral", lead(postman.field, "陈大文", "13800000001"))
    await enrol_anew(box, postman, POSTMAN)
    await postman.sync()
    outbox = postman.field._open.holdings.outbox
    assert [record.is_erased for record in outbox.foreign.values()] == [True]
    await postman.restart()
    await postman.sync()
    assert len(postman.field.outbox()) == 1
    for person in story.people:
        await person.field.stop()


test_a_shift_whose_answer_was_lost_moves_the_sale_once = told(_shift_once)
test_a_phone_enrolled_anew_before_it_hears_of_a_restore = told(_restored_before_contact)
test_a_phone_that_was_enrolled_after_the_backup = told(_enrolled_since)
test_work_of_a_former_number_comes_back_after_a_restore = told(_restored_after_move)
test_a_phone_enrolled_anew_after_a_restore_that_nobody_announced = told(_restored_in_secret)
test_what_waits_for_an_operation_finds_it_under_its_new_number = told(_others_wait_on)
test_moved_work_leaves_no_text_under_its_old_number = told(_bodies_go)
