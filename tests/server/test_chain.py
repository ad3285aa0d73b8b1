"""The whole chain over HTTP alone, on both engines, with the points that PRODUCT §7 promises."""

from __future__ import annotations

import pytest

from server.ledger.check import check_ledger
from shared.domain.points import (
    ApprovePoints,
    ApproveReversal,
    AwardKind,
    PointsEntry,
    PointsStatus,
    ReversePoints,
)
from shared.domain.referral import NamedReferral, ReferralStatus
from tests.server.chain import record_round, run_chain
from tests.server.field_county import ADMIN, COUNTY, HEAD, MANAGER, MONDAY, POSTMAN, ROWS
from tests.server.moving_clock import MovingClock
from tests.server.running_server import running_server

pytestmark = pytest.mark.server


def test_chain_from_a_melon_field_to_points_approved(database_url: str) -> None:
    """Three leads and a sale date in one sync become points that the ledger agrees with."""
    clock = MovingClock(MONDAY)
    with running_server(database_url, clock) as server:
        chain = run_chain(server, clock)
    assert [(line.kind, line.counted) for line in chain.of_lead.lines] == [
        (AwardKind.VALID_LEAD, 2),
        (AwardKind.COMPLETE_CARD, 1),
        (AwardKind.MET, 2),
        (AwardKind.SUCCESS, 7),
    ]
    assert (chain.of_lead.approved, chain.of_lead.pending) == (12, 0)
    # The two other leads were valid too, and the sale was foretold three days ahead.
    assert chain.of_month.approved == 12 + 2 + 2 + 2
    assert {line.approver_id for line in chain.of_month.lines} == {HEAD.id}
    assert {line.status for line in chain.of_month.lines} == {PointsStatus.APPROVED}
    assert chain.statuses == [
        ReferralStatus.VERIFIED,
        ReferralStatus.VISIT_SET,
        ReferralStatus.VISIT_SET,
    ]
    assert chain.ledger.faults == ()
    (county,) = chain.ledger.counties
    assert county.balances[f"staff:{POSTMAN.id}"] == chain.of_month.approved
    assert county.rows == 7
    assert "7 transfers" in chain.ledger_text
    assert "18 points" in chain.ledger_text
    assert chain.ledger_text.endswith("The ledger holds.")


def test_points_are_taken_back_by_two_people(database_url: str) -> None:
    """The branch head proposes; the administrator, who holds no other points, sees and agrees."""
    clock = MovingClock(MONDAY)
    with running_server(database_url, clock) as server:
        server.keep(COUNTY.id, ROWS)
        postman, manager, head, admin = map(server.phone_of, (POSTMAN, MANAGER, HEAD, ADMIN))
        (lead_id, *_), _ = record_round(postman)
        postman.sync()
        manager.sync()
        manager.do("accept_referral", NamedReferral(id=lead_id))
        head.sync()
        (entry,) = head.held(PointsEntry)
        head.do("approve_points", ApprovePoints(ids=(entry.id,)))
        admin.sync()
        assert admin.held(PointsEntry) == []
        head.do("propose_reversal", ReversePoints(id=entry.id, reason="客户否认"))
        admin.sync()
        (reversal,) = [one for one in admin.held(PointsEntry) if one.reverses_id]
        refused = head.attempt("approve_reversal", ApproveReversal(id=reversal.id))
        assert refused["problem"]["type"] == "/problems/forbidden-action"
        admin.do("approve_reversal", ApproveReversal(id=reversal.id))
        postman.sync()
        statuses = {one.id: one.status for one in postman.held(PointsEntry)}
        with server.session() as session:
            report = check_ledger(session)
    assert statuses == {entry.id: PointsStatus.REVERSED, reversal.id: PointsStatus.APPROVED}
    assert report.faults == ()
    assert report.counties[0].balances[f"staff:{POSTMAN.id}"] == 0
