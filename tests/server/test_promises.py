"""What a restored server makes of what an earlier life of it has promised."""

from __future__ import annotations

import datetime as dt

import pytest

from server.mutations.promises import BYTES_AWAITED_AT_MOST, WAITS_AT_MOST, Promise, kept
from server.mutations.running import Outcome
from shared.wire.envelope import OpState, Receipt
from shared.wire.problems import problem

A_SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def promise() -> Promise:
    receipt = Receipt(
        number=1,
        device=1,
        seq=1,
        digest="0" * 64,
        state=OpState.OK,
        at=0,
        generation="",
        signature="",
    )
    return Promise(receipt, None, dt.datetime(2026, 5, 4, tzinfo=dt.UTC))


def test_a_file_waits_for_its_bytes_as_long_as_phones_keep_them(promise: Promise) -> None:
    """The one phone that has them may be away for longer than a week."""
    refused = Outcome(OpState.REJECTED, problem("blob-missing"))
    waits = kept(promise, refused, BYTES_AWAITED_AT_MOST - A_SECOND)
    assert waits.state is OpState.DEFERRED
    assert waits.problem is not None
    assert waits.problem["type"] == "/problems/blob-missing", "the phone has to know"
    assert kept(promise, refused, BYTES_AWAITED_AT_MOST).state is OpState.PARKED


def test_what_the_rules_refuse_now_is_a_matter_for_people_after_a_week(promise: Promise) -> None:
    refused = Outcome(OpState.REJECTED, problem("stale-object"))
    assert kept(promise, refused, WAITS_AT_MOST - A_SECOND) == Outcome(OpState.DEFERRED)
    parked = kept(promise, refused, WAITS_AT_MOST)
    assert parked.state is OpState.PARKED
    assert parked.problem is None
    assert parked.parked_reason is not None
    assert "stale-object" in parked.parked_reason
