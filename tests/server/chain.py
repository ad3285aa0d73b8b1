"""From a melon field to a point approved, over HTTP alone: run me, or let test_chain.py.

    python -m tests.server.chain [DATABASE_URL]

Three people enrol with keys of their own. The postman's phone sends three leads and a sale date in
one sync; the wealth manager accepts, visits on the sale day, and succeeds; the branch head
verifies and approves; the postman reads why there are so many points.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass

from server.administration import ledger_text
from server.ledger.check import LedgerReport, check_ledger
from shared.domain.customer import CustomerKind
from shared.domain.explanation import Explanation, explain
from shared.domain.harvest import Confidence, ReportHarvestDate
from shared.domain.points import ApprovePoints, PointsEntry, PointsStatus
from shared.domain.referral import (
    AmountBand,
    Interest,
    LeadSource,
    MeetReferral,
    NamedReferral,
    Need,
    Referral,
    ReferralMode,
    ReferralStatus,
    SubmitReferral,
    SucceedReferral,
)
from shared.domain.visit import CheckInVisit, FinishVisit, ScheduleVisit, Visit
from tests.server.field_county import (
    COUNTY,
    HEAD,
    MANAGER,
    MELON,
    MONDAY,
    POSTMAN,
    ROWS,
    THURSDAY,
    VILLAGE,
)
from tests.server.moving_clock import MovingClock
from tests.server.phone import Phone
from tests.server.running_server import RunningServer, running_server


@dataclass(frozen=True)
class Chain:
    """What the chain came to."""

    of_lead: Explanation
    of_month: Explanation
    statuses: list[ReferralStatus]
    ledger: LedgerReport
    ledger_text: str  # What `liandong check-ledger` prints.


def run_chain(server: RunningServer, clock: MovingClock) -> Chain:
    """Do what three people do in four days; return what the postman's phone and the ledger say."""
    server.keep(COUNTY.id, ROWS)
    postman, manager, head = (server.phone_of(one) for one in (POSTMAN, MANAGER, HEAD))
    leads, sale_id = record_round(postman)
    postman.sync()  # One round trip for the whole round.
    manager.sync()
    for lead_id in leads:
        manager.do("accept_referral", NamedReferral(id=lead_id))
    visit_id = manager.new_id()
    manager.do(
        "schedule_visit",
        ScheduleVisit(
            id=visit_id,
            planned_on=THURSDAY,
            harvest_date_id=sale_id,
            referral_ids=tuple(leads),
        ),
    )
    clock.move(days=3)
    succeed_on_the_spot(manager, visit_id, leads[0])
    head.sync()
    head.do("verify_referral", NamedReferral(id=leads[0]))
    pending = [entry.id for entry in head.held(PointsEntry) if entry.status is PointsStatus.PENDING]
    head.do("approve_points", ApprovePoints(ids=tuple(pending)))
    postman.sync()
    entries = postman.held(PointsEntry)
    with server.session() as session:
        ledger = check_ledger(session)
        text, _ = ledger_text()
    return Chain(
        of_lead=explain([entry for entry in entries if entry.evidence_id == leads[0]]),
        of_month=explain(entries),
        statuses=[postman.row(Referral, lead_id).status for lead_id in leads],
        ledger=ledger,
        ledger_text=text,
    )


def record_round(postman: Phone) -> tuple[list[str], str]:
    """Journal three leads and the village's sale date; nothing is sent yet."""
    sale_id = postman.new_id()
    postman.record(
        "report_harvest_date",
        ReportHarvestDate(
            id=sale_id,
            village_id=VILLAGE.id,
            crop_id=MELON.id,
            sale_from_on=THURSDAY,
            sale_to_on=THURSDAY,
            confidence=Confidence.FARMER,
        ),
    )
    leads = []
    for name, phone in (("陈大文", "13800000001"), ("林二姐", "13800000002"), ("老何", None)):
        leads.append(postman.new_id())
        postman.record(
            "submit_referral",
            SubmitReferral(
                id=leads[-1],
                kind=CustomerKind.FARMER,
                source=LeadSource.VILLAGE,
                need=Need.DEPOSIT,
                interest=Interest.HIGH,
                mode=ReferralMode.INFORMATION,
                consent=True,
                customer_name=name,
                phone=phone,
                village_id=VILLAGE.id,
                harvest_date_id=sale_id,
            ),
        )
    return leads, sale_id


def succeed_on_the_spot(manager: Phone, visit_id: str, lead_id: str) -> None:
    """Arrive, meet the customer with all three parts, bring them to the outlet, succeed."""
    manager.do("check_in_visit", CheckInVisit(id=visit_id))
    manager.do(
        "meet_referral",
        MeetReferral(id=lead_id, customer_part=True, information_part=True, trust_part=True),
    )
    manager.do("finish_visit", FinishVisit(id=visit_id, help_done="装车", escorted=1))
    manager.do(
        "succeed_referral",
        SucceedReferral(
            id=lead_id, voucher_number="LM-20260507-01", result_band=AmountBand.FROM_10K
        ),
    )
    assert manager.row(Visit, visit_id).escorted == 1


def main() -> None:
    """Run the chain on the database of the first argument, or on a new SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/chain.sqlite3"
        clock = MovingClock(MONDAY)
        with running_server(url, clock) as server:
            chain = run_chain(server, clock)
    parts = " + ".join(str(line.counted) for line in chain.of_lead.lines)
    print(f"{chain.of_lead.total} = {parts}")  # noqa: T201 - what the script is for
    print(f"month: {chain.of_month.total}\n{chain.ledger_text}")  # noqa: T201


if __name__ == "__main__":
    main()
