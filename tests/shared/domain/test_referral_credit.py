"""Who has a part in a referral follows from what is on its card."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from shared.domain.care_card import CareStatus
from shared.domain.duplicates import HeldReason
from shared.domain.points import AwardKind
from shared.domain.policy import DEFAULT_POLICY
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.referral_credit import referral_contributions
from shared.domain.rows import Row
from shared.ids import make_id
from tests.shared.domain.county import (
    CARD,
    COLLEAGUE,
    LOBBY,
    NOW,
    POSTMAN,
    TELLER,
    county,
    id_of,
    referral,
)

LEAD = referral(ReferralStatus.ACCEPTED)
HOUR = dt.timedelta(hours=1)


def parts(lead: Referral, kind: AwardKind, *rows: Row) -> dict[str, int]:
    found = referral_contributions(county(lead, *rows), lead, kind, DEFAULT_POLICY)
    return {part.staff_id: part.percent for part in found}


def joined(name: str, staff_id: str, hours: int, reason: HeldReason) -> Referral:
    return replace(
        LEAD,
        id=make_id(8, len(name), 0),
        referrer_id=staff_id,
        status=ReferralStatus.JOINED,
        held_for_id=LEAD.id,
        held_reason=reason,
        captured_from=NOW + hours * HOUR,
        captured_to=NOW + hours * HOUR,
    )


def test_referrer_alone_has_all() -> None:
    assert parts(LEAD, AwardKind.MET) == {POSTMAN.id: 100}


def test_escort_counts_for_meeting_and_success_alone() -> None:
    escorted = replace(LEAD, escort_id=LOBBY.id)
    assert parts(escorted, AwardKind.MET) == {POSTMAN.id: 70, LOBBY.id: 30}
    assert parts(escorted, AwardKind.SUCCESS) == {POSTMAN.id: 70, LOBBY.id: 30}
    assert parts(escorted, AwardKind.VALID_LEAD) == {POSTMAN.id: 100}


def test_who_added_the_deciding_fact_has_a_fifth_of_everything() -> None:
    assisted = replace(LEAD, assist_id=COLLEAGUE.id)
    assert parts(assisted, AwardKind.VALID_LEAD) == {POSTMAN.id: 80, COLLEAGUE.id: 20}


def test_later_duplicate_has_no_part() -> None:
    later = joined("later", COLLEAGUE.id, 1, HeldReason.CAPTURED_LATER)
    assert parts(LEAD, AwardKind.MET, later) == {POSTMAN.id: 100}


def test_overlapping_duplicate_shares_by_halves() -> None:
    at_once = joined("at once", COLLEAGUE.id, 0, HeldReason.OVERLAPPING_PROOFS)
    assert parts(LEAD, AwardKind.MET, at_once) == {POSTMAN.id: 50, COLLEAGUE.id: 50}


def test_earlier_duplicate_has_the_credit() -> None:
    earlier = joined("earlier", COLLEAGUE.id, -1, HeldReason.CAPTURED_EARLIER)
    assert parts(LEAD, AwardKind.MET, earlier) == {COLLEAGUE.id: 100}


def test_managing_wealth_managers_own_item_leaves_no_part() -> None:
    own = joined("own", COLLEAGUE.id, 0, HeldReason.OPEN_WITH_MANAGER)
    assert parts(LEAD, AwardKind.MET, own) == {POSTMAN.id: 100}


CONVERTED = replace(
    CARD,
    status=CareStatus.CONVERTED,
    originator_id=TELLER.id,
    owner_id=POSTMAN.id,
    opened_at=NOW,
    converted_at=NOW + dt.timedelta(days=14),
    converted_referral_id=LEAD.id,
)
FROM_CARD = replace(LEAD, care_card_id=CARD.id)


def test_owner_and_originator_share_a_card_that_took_two_weeks() -> None:
    assert parts(FROM_CARD, AwardKind.MET, CONVERTED) == {POSTMAN.id: 50, TELLER.id: 50}


def test_originator_has_all_of_a_card_that_converted_soon() -> None:
    soon = replace(CONVERTED, converted_at=NOW + dt.timedelta(days=13))
    assert parts(FROM_CARD, AwardKind.MET, soon) == {TELLER.id: 100}


def test_own_card_changes_nothing() -> None:
    own = replace(CONVERTED, originator_id=POSTMAN.id)
    assert parts(FROM_CARD, AwardKind.MET, own) == {POSTMAN.id: 100}


def test_card_that_a_referral_went_to_changes_nothing() -> None:
    went_to = replace(CARD, referral_id=LEAD.id, originator_id=TELLER.id)
    assert parts(FROM_CARD, AwardKind.MET, went_to) == {POSTMAN.id: 100}


def test_card_that_is_not_known_changes_nothing() -> None:
    unknown = replace(LEAD, care_card_id=id_of("unknown"))
    assert parts(unknown, AwardKind.MET) == {POSTMAN.id: 100}
