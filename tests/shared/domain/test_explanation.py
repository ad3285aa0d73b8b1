"""Why did I get 12? Because 2 + 1 + 2 + 7, each with all that it rests on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from shared.domain.awards import award_points
from shared.domain.explanation import explain
from shared.domain.moment import ClockGrade
from shared.domain.points import AwardKind, PointsEntry, PointsStatus, ShareRole
from shared.domain.policy import DEFAULT_POLICY
from tests.shared.domain.county import HEAD, MANAGER, NOW, OUTLET, POSTMAN, id_of


def entry(kind: AwardKind, **fields: object) -> PointsEntry:
    points = award_points(kind, DEFAULT_POLICY)
    made = PointsEntry(
        id=id_of(f"{kind} {fields}"),
        outlet_id=OUTLET.id,
        award=f"referral:X:{kind}",
        award_revision=0,
        kind=kind,
        payee_id=POSTMAN.id,
        share_role=ShareRole.REFERRER,
        share_percent=100,
        award_points=points,
        points=points,
        over_cap=0,
        policy_version="2026-1",
        evidence_table="referral",
        evidence_id=id_of("referral"),
        clock_grade=ClockGrade.B,
        earned_from=NOW,
        earned_to=NOW,
        period="2026-05",
        status=PointsStatus.APPROVED,
        maker_id=MANAGER.id,
        decided_by_id=HEAD.id,
        decided_at=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


TWELVE = [
    entry(kind)
    for kind in (
        AwardKind.SUCCESS,
        AwardKind.MET,
        AwardKind.COMPLETE_CARD,
        AwardKind.VALID_LEAD,
    )
]


def test_twelve_is_two_and_one_and_two_and_seven() -> None:
    explanation = explain(TWELVE)
    assert [line.counted for line in explanation.lines] == [2, 1, 2, 7]
    assert (explanation.approved, explanation.pending, explanation.total) == (12, 0, 12)


def test_line_names_rule_evidence_grade_split_and_approver() -> None:
    (line,) = explain([entry(AwardKind.MET)]).lines
    assert (
        line.policy_version,
        line.evidence_table,
        line.evidence_id,
        line.clock_grade,
        line.share_role,
        line.share_percent,
        line.approver_id,
    ) == (
        "2026-1",
        "referral",
        id_of("referral"),
        ClockGrade.B,
        ShareRole.REFERRER,
        100,
        HEAD.id,
    )


def test_earlier_events_come_first() -> None:
    late = entry(AwardKind.VALID_LEAD, earned_to=NOW + dt.timedelta(days=1))
    early = entry(AwardKind.SUCCESS)
    assert [line.entry_id for line in explain([late, early]).lines] == [early.id, late.id]


def test_pending_points_are_shown_apart() -> None:
    explanation = explain([*TWELVE[1:], entry(AwardKind.SUCCESS, status=PointsStatus.PENDING)])
    assert (explanation.approved, explanation.pending, explanation.total) == (5, 7, 12)


def test_rejected_and_cancelled_lines_stay_and_count_nothing() -> None:
    explanation = explain(
        [
            entry(AwardKind.MET, status=PointsStatus.REJECTED, reason="不实"),
            entry(AwardKind.SUCCESS, status=PointsStatus.CANCELLED),
        ]
    )
    assert [line.counted for line in explanation.lines] == [0, 0]
    assert explanation.lines[0].reason == "不实"
    assert explanation.total == 0


def test_what_was_taken_back_and_its_reversal_come_to_nothing() -> None:
    taken = entry(AwardKind.MET, status=PointsStatus.REVERSED)
    reversal = entry(AwardKind.MET, points=-2, award_points=-2, reverses_id=taken.id)
    assert explain([taken, reversal]).total == 0


def test_line_over_the_cap_says_so() -> None:
    (line,) = explain([entry(AwardKind.VALID_LEAD, points=0, over_cap=2)]).lines
    assert (line.counted, line.over_cap) == (0, 2)
