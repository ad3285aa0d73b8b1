"""An approved entry becomes one balanced transfer, once, in an open month."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from server.database import write_transaction
from server.ledger.chain import GENESIS, chain_head, hash_of
from server.ledger.check import check_ledger
from server.ledger.posting import post
from server.models.ledger import LedgerKind, PeriodStatus
from shared.domain.moment import Moment
from shared.domain.points import PointsEntry, PointsStatus, ShareRole
from tests.server.field_county import ADMIN, COLLEAGUE, COUNTY, HEAD, MONDAY, POSTMAN
from tests.server.ledger.ledger_box import MOMENT, LedgerBox, entry, reversal_of

SECOND = entry(2, points=7, award_points=7)


def test_award_moves_points_from_the_countys_pool_to_its_payee(box: LedgerBox) -> None:
    first = box.transfers()[0]
    assert (first["debit_account"], first["credit_account"]) == (
        f"pool:{COUNTY.id}",
        f"staff:{POSTMAN.id}",
    )
    assert (first["kind"], first["points"], first["number"]) == (LedgerKind.AWARD, 2, 1)
    assert first["effective_on"] == dt.date(2026, 5, 4)
    assert (first["period"], first["belongs_to"]) == ("2026-05", "2026-05")


def test_each_transfer_seals_itself_and_the_one_before(box: LedgerBox) -> None:
    transfers = box.transfers()
    assert [row["previous_hash"] for row in transfers] == [
        GENESIS,
        *(row["hash"] for row in transfers[:-1]),
    ]
    assert all(row["hash"] == hash_of(row) for row in transfers)


def test_entry_that_was_posted_is_not_posted_again(box: LedgerBox) -> None:
    assert box.post(entry(1), entry(4)) == [entry(4).id]
    assert [row["number"] for row in box.transfers()] == [1, 2, 3, 4]


def test_entry_of_no_points_has_no_transfer(box: LedgerBox) -> None:
    assert box.post(entry(5, points=0, over_cap=2)) == []
    assert len(box.transfers()) == 3


def test_two_payees_of_one_award_have_a_transfer_each(box: LedgerBox) -> None:
    shares = (
        entry(6, points=5, award_points=7, share_percent=70),
        entry(
            7,
            award="referral:6:met",
            points=2,
            award_points=7,
            payee_id=COLLEAGUE.id,
            share_role=ShareRole.ESCORT,
            share_percent=30,
        ),
    )
    assert box.post(*shares) == [shares[0].id, shares[1].id]


def test_reversal_mirrors_its_award(box: LedgerBox) -> None:
    box.post(reversal_of(SECOND, 11))
    award, reversal = box.transfers()[1], box.transfers()[3]
    assert (reversal["kind"], reversal["points"]) == (LedgerKind.REVERSAL, 7)
    assert (reversal["debit_account"], reversal["credit_account"]) == (
        award["credit_account"],
        award["debit_account"],
    )


def test_award_that_was_taken_back_can_be_paid_again(box: LedgerBox) -> None:
    box.post(reversal_of(SECOND, 11))
    again = entry(12, award=SECOND.award, award_revision=2, payee_id=COLLEAGUE.id)
    assert box.post(again) == [again.id]


def test_entry_of_a_closed_month_is_posted_to_the_next_and_keeps_its_own(box: LedgerBox) -> None:
    box.close("2026-05")
    box.post(entry(13))
    late = box.transfers()[-1]
    assert (late["period"], late["belongs_to"]) == ("2026-06", "2026-05")


@pytest.mark.parametrize(
    ("closed", "posted_to"),
    [
        ((), "2026-05"),
        (("2026-04",), "2026-05"),
        (("2026-05", "2026-06"), "2026-07"),
        (("2026-12",), "2027-01"),
    ],
)
def test_transfer_goes_to_the_first_month_that_takes_anything(
    box: LedgerBox, closed: tuple[str, ...], posted_to: str
) -> None:
    for month in closed:
        box.close(month)
    box.post(entry(13))
    assert box.transfers()[-1]["period"] == posted_to


def test_month_in_review_still_takes_approvals(box: LedgerBox) -> None:
    box.close("2026-05", PeriodStatus.IN_REVIEW)
    box.post(entry(13))
    assert box.transfers()[-1]["period"] == "2026-05"


def test_stale_head_is_an_error_and_never_looks_like_already_paid(
    box: LedgerBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.ledger.posting.chain_head", lambda *_: (1, "f" * 64))
    with pytest.raises(DBAPIError):
        box.post(entry(14))
    assert len(box.transfers()) == 3


def test_first_head_of_a_county_is_the_beginning(box: LedgerBox) -> None:
    with box.session() as session:
        assert chain_head(session, "0" * 13) == (0, GENESIS)


def test_unapproved_entry_is_never_posted(box: LedgerBox) -> None:
    pending = entry(15, status=PointsStatus.PENDING, decided_by_id=None, decided_at=None)
    with pytest.raises(AssertionError):
        box.post(pending)


THREADS, AWARDS = 8, 200


def post_patiently(box: LedgerBox, entries: list[PointsEntry]) -> list[str]:
    """Post, and again when others kept the county's lock too long, as a phone does on a 503."""
    for _ in range(10):
        try:
            with box.session() as session, write_transaction(session, COUNTY.id):
                ids = post(session, COUNTY.id, entries, MOMENT)
        except OperationalError:
            continue
        return list(ids)
    raise AssertionError("the lock was never free")


def test_eight_threads_post_two_hundred_awards_once_each(box: LedgerBox) -> None:
    """Everybody posts everything at once; one transfer of each, and an unbroken chain."""
    raced = [entry(100 + number) for number in range(AWARDS)]
    box.keep(*raced)
    posted: list[str] = []
    start = threading.Barrier(THREADS)

    def worker(offset: int) -> None:
        order = raced[offset:] + raced[:offset]
        start.wait()
        for several in range(0, AWARDS, 20):
            posted.extend(post_patiently(box, order[several : several + 20]))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(worker, range(0, AWARDS, AWARDS // THREADS)))
    assert sorted(posted) == sorted(one.id for one in raced)
    assert [row["number"] for row in box.transfers()] == list(range(1, AWARDS + 4))
    with box.session() as session:
        assert check_ledger(session).faults == ()


def test_threads_without_the_countys_lock_never_pay_twice(box: LedgerBox) -> None:
    """Past the lock the constraints alone decide: some fail, none pays a second time."""
    raced = [entry(100 + number) for number in range(40)]
    box.keep(*raced)
    start = threading.Barrier(4)

    def worker(_: int) -> int:
        start.wait()
        failures = 0
        for one in raced:
            try:
                with box.session() as session:
                    post(session, COUNTY.id, [one], MOMENT)
                    session.commit()
            except DBAPIError:
                failures += 1
        return failures

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))
    awards = [row["award"] for row in box.transfers()]
    assert len(awards) == len(set(awards))
    with box.session() as session:
        faults = check_ledger(session).faults
    assert not [fault for fault in faults if "approved, but not" not in fault
                and "points shown" not in fault]  # fmt: skip


def test_transfer_names_who_made_and_who_checked(box: LedgerBox) -> None:
    assert {row["checker_id"] for row in box.transfers()} == {HEAD.id}
    reversal = reversal_of(entry(1), 11, decided_by_id=ADMIN.id)
    later = Moment.at(MONDAY + dt.timedelta(days=1))
    box.keep(reversal)
    with box.session() as session, write_transaction(session, COUNTY.id):
        post(session, COUNTY.id, [reversal], later)
    last = box.transfers()[-1]
    assert (last["maker_id"], last["checker_id"]) == (HEAD.id, ADMIN.id)
    assert last["posted_at"] == later.now
