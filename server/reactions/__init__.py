"""What the server does of its own accord after a mutation: duplicates, routes, points, notices.

A phone never runs these: it shows what the server answered.
"""

from __future__ import annotations

from server.mutations.transaction import Foresight, Reaction
from server.reactions import (
    attachment_steps,
    care_card_steps,
    erasure_steps,
    harvest_steps,
    points_steps,
    referral_steps,
)

__all__ = ["FORESIGHT", "REACTIONS"]

REACTIONS: dict[str, Reaction] = {
    "submit_referral": referral_steps.after_submit,
    "correct_referral": referral_steps.after_correct,
    "release_referral": referral_steps.after_release,
    "join_referral": referral_steps.after_join,
    "assign_referral": referral_steps.after_assign,
    "accept_referral": referral_steps.after_accept,
    "decline_referral": referral_steps.after_decline,
    "hand_over_referral": referral_steps.after_hand_over,
    "meet_referral": referral_steps.after_meet,
    "succeed_referral": referral_steps.after_succeed,
    "verify_referral": referral_steps.after_verify,
    "lose_referral": referral_steps.after_lose,
    "void_referral": referral_steps.after_void,
    "withdraw_referral": referral_steps.after_withdraw,
    "convert_care_card": care_card_steps.after_convert,
    "withdraw_care_card": care_card_steps.after_withdraw,
    "shift_harvest_date": harvest_steps.after_shift,
    "shift_harvest_dates": harvest_steps.after_shifts,
    "advance_harvest_date": harvest_steps.after_advance,
    "cancel_harvest_date": harvest_steps.after_cancel,
    "check_in_visit": harvest_steps.after_check_in,
    "schedule_visit": harvest_steps.after_schedule,
    "propose_visit": harvest_steps.after_schedule,
    "end_visit": harvest_steps.after_end,
    "approve_points": points_steps.after_approve,
    "reject_points": points_steps.after_reject,
    "propose_reversal": points_steps.after_propose_reversal,
    "approve_reversal": points_steps.after_approve_reversal,
    "attach_file": attachment_steps.after_attach,
    "erase_customer": erasure_steps.after_erase,
}
"""By the name of the mutation; run after its rows were put, in the same transaction."""

FORESIGHT: dict[str, Foresight] = {
    "submit_referral": referral_steps.before_submits,
    "approve_points": points_steps.before_approvals,
}
"""By the name of the mutation; run once before the operations of a batch."""
