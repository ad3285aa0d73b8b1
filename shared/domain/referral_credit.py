"""Who has a part in a referral: who referred, and who escorted, added the fact, or began it."""

from __future__ import annotations

import datetime as dt

from shared.domain.care_card import CareCard
from shared.domain.credit import Contribution, Helper, contributions
from shared.domain.duplicates import HeldReason, Order, compare_times
from shared.domain.points import AwardKind, ShareRole
from shared.domain.policy import Policy
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = ["referral_contributions"]

_ESCORTED = frozenset({AwardKind.MET, AwardKind.SUCCESS})


def referral_contributions(
    rows: Rows, referral: Referral, kind: AwardKind, policy: Policy
) -> tuple[Contribution, ...]:
    """Return everybody's part in an award of that kind for *referral*."""
    referrers = _referrers(rows, referral)
    helpers = []
    if referral.escort_id is not None and kind in _ESCORTED:
        helpers.append(
            Helper(
                staff_id=referral.escort_id, role=ShareRole.ESCORT, percent=policy.escort_percent
            )
        )
    if referral.assist_id is not None:
        helpers.append(
            Helper(
                staff_id=referral.assist_id, role=ShareRole.ASSIST, percent=policy.assist_percent
            )
        )
    card = _converted_card(rows, referral)
    if card is not None and card.originator_id != card.owner_id:
        if _took_long(card, policy):
            helpers.append(
                Helper(
                    staff_id=card.originator_id,
                    role=ShareRole.CARE_ORIGINATOR,
                    percent=policy.care_originator_percent,
                )
            )
        else:
            # The customer came soon: what began the card brought them, not the follow-up.
            referrers = [card.originator_id]
    return contributions(referrers, helpers, policy)


def _referrers(rows: Rows, referral: Referral) -> list[str]:
    """Return who was provably first, or all whose proofs overlap with the referrer's."""
    referrers = [referral.referrer_id]
    for joined in rows.where(Referral, held_for_id=referral.id, status=ReferralStatus.JOINED):
        order = compare_times(joined, referral)
        if joined.held_reason == HeldReason.OPEN_WITH_MANAGER or order is Order.LATER:
            continue
        if order is Order.EARLIER:
            referrers = [joined.referrer_id]
        else:
            referrers.append(joined.referrer_id)
    return referrers


def _converted_card(rows: Rows, referral: Referral) -> CareCard | None:
    """Return the card that this referral was made of; not one that it went to."""
    if referral.care_card_id is None:
        return None
    card = rows.get(CareCard, referral.care_card_id)
    if card is None or card.converted_referral_id != referral.id:
        return None
    return card


def _took_long(card: CareCard, policy: Policy) -> bool:
    assert card.converted_at is not None, "a card that has a referral was converted"
    return card.converted_at - card.opened_at >= dt.timedelta(days=policy.care_days_min)
