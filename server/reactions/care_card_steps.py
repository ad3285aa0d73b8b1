"""What follows from the steps of a care card."""

from __future__ import annotations

from server.mutations.transaction import Transaction
from server.reactions.arrival import received, routed
from server.reactions.claims import claim_care_award
from shared.domain.care_card import CareCard, ConvertCareCard, WithdrawCareCard
from shared.domain.referral import Referral
from shared.domain.rows import demand

__all__ = ["after_convert", "after_withdraw"]


def after_convert(tx: Transaction, args: ConvertCareCard) -> None:
    """Route the new lead, and claim the conversion for who began and who followed up."""
    referral = demand(tx.rows, Referral, args.referral_id)
    received(tx, referral)
    claim_care_award(tx, demand(tx.rows, CareCard, args.id), referral)


def after_withdraw(tx: Transaction, args: WithdrawCareCard) -> None:
    """Route the lead again that the card was opened for by mistake."""
    card = demand(tx.rows, CareCard, args.id)
    if card.referral_id is not None:
        routed(tx, demand(tx.rows, Referral, card.referral_id))
