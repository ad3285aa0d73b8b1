"""How points entries move, and who may move them (PRODUCT §4, §10): four eyes on every point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.moment import Moment
from shared.domain.mutation import Mutation
from shared.domain.people import Actor, Outlet, Role, Staff
from shared.domain.points import (
    ApprovePoints,
    ApproveReversal,
    PointsAction,
    PointsEntry,
    PointsStatus,
    RejectPoints,
    ReversePoints,
)
from shared.domain.refusals import (
    FORBIDDEN_ACTION,
    ILLEGAL_TRANSITION,
    INVALID_ARGUMENT,
    RefusedError,
)
from shared.domain.rows import Row, Rows, demand
from shared.ids import derived_id

__all__ = [
    "MUTATIONS",
    "SERVER",
    "TRANSITIONS",
    "advance_entry",
    "approve_points",
    "approve_reversal",
    "propose_reversal",
    "reject_points",
    "reversal_of",
]

S, A = PointsStatus, PointsAction

SERVER: frozenset[Role] = frozenset()
"""Nobody's post: only the server takes this action, by its own rules."""

_HEAD = frozenset({Role.BRANCH_HEAD})
_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
_CHECKERS = _HEAD | _ADMINISTRATOR

TRANSITIONS: dict[tuple[PointsStatus, PointsAction], tuple[frozenset[Role], PointsStatus]] = {
    (S.PENDING, A.APPROVE): (_CHECKERS, S.APPROVED),
    (S.PENDING, A.REJECT): (_CHECKERS, S.REJECTED),
    (S.PENDING, A.CANCEL): (SERVER, S.CANCELLED),
    (S.APPROVED, A.SETTLE): (SERVER, S.SETTLED),
    (S.SETTLED, A.PAY): (SERVER, S.PAID),
    # After the lock too: the reversal itself belongs to a later period.
    (S.APPROVED, A.REVERSE): (_ADMINISTRATOR, S.REVERSED),
    (S.SETTLED, A.REVERSE): (_ADMINISTRATOR, S.REVERSED),
    (S.PAID, A.REVERSE): (_ADMINISTRATOR, S.REVERSED),
}


def advance_entry(entry: PointsEntry, action: PointsAction, actor: Actor | None) -> PointsStatus:
    """Return the status after *actor* (None: the server) takes *action*.

    Raises:
        RefusedError: `illegal-transition` from this status, `forbidden-action` for these posts.
    """
    roles_after = TRANSITIONS.get((entry.status, action))
    if roles_after is None:
        raise RefusedError(
            ILLEGAL_TRANSITION, object="points_entry", status=entry.status, action=action
        )
    roles, after = roles_after
    permitted = roles is SERVER if actor is None else actor.holds(*roles)
    if not permitted:
        raise RefusedError(FORBIDDEN_ACTION, object="points_entry", action=action)
    return after


def approve_points(
    rows: Rows, args: ApprovePoints, actor: Actor, moment: Moment
) -> Sequence[PointsEntry]:
    """Approve entries, all of them or none."""
    approved = []
    for entry in _entries(rows, args.ids):
        if entry.reverses_id is not None:
            raise RefusedError(INVALID_ARGUMENT, field="ids")
        status = advance_entry(entry, A.APPROVE, actor)
        _demand_checker(rows, entry, actor)
        if not entry.evidence_verified:
            raise RefusedError("not-verified")
        if _stands_otherwise(rows, entry):
            raise RefusedError("award-stands")
        approved.append(_decided(entry, status, actor, moment, None))
    return approved


def reject_points(
    rows: Rows, args: RejectPoints, actor: Actor, moment: Moment
) -> Sequence[PointsEntry]:
    """Reject entries with a reason; a proposed reversal can be rejected too."""
    _demand_reason(args.reason)
    rejected = []
    for entry in _entries(rows, args.ids):
        status = advance_entry(entry, A.REJECT, actor)
        _demand_checker(rows, entry, actor)
        rejected.append(_decided(entry, status, actor, moment, args.reason))
    return rejected


def propose_reversal(
    rows: Rows, args: ReversePoints, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Propose, as the branch head, that an approved entry be taken back."""
    _demand_reason(args.reason)
    entry = demand(rows, PointsEntry, args.id)
    if entry.outlet_id != actor.outlet_id:
        raise RefusedError(FORBIDDEN_ACTION, object="points_entry", action=A.REVERSE)
    if entry.payee_id == actor.staff_id:
        raise RefusedError("own-points")
    reversal = reversal_of(rows, entry, maker_id=actor.staff_id, reason=args.reason, moment=moment)
    if reversal is None:
        raise RefusedError(
            ILLEGAL_TRANSITION, object="points_entry", status=entry.status, action=A.REVERSE
        )
    return [reversal]


def approve_reversal(
    rows: Rows, args: ApproveReversal, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Approve, as a county administrator, a reversal that somebody else proposed."""
    reversal = demand(rows, PointsEntry, args.id)
    if reversal.reverses_id is None:
        raise RefusedError(INVALID_ARGUMENT, field="id")
    status = advance_entry(reversal, A.APPROVE, actor)
    _demand_checker(rows, reversal, actor)
    target = demand(rows, PointsEntry, reversal.reverses_id)
    reversed_status = advance_entry(target, A.REVERSE, actor)
    return [
        replace(target, status=reversed_status),
        _decided(reversal, status, actor, moment, reversal.reason),
    ]


def reversal_of(
    rows: Rows, entry: PointsEntry, *, maker_id: str, reason: str, moment: Moment
) -> PointsEntry | None:
    """Return a pending reversal of *entry*: the same points taken back, in the month of now.

    None when the entry can't be taken back, or when that is proposed already.
    """
    before = rows.where(PointsEntry, reverses_id=entry.id)
    if (
        (entry.status, A.REVERSE) not in TRANSITIONS
        or entry.reverses_id is not None
        or any(earlier.status is S.PENDING for earlier in before)
    ):
        return None
    return replace(
        entry,
        id=derived_id(entry.id, "reversal", len(before)),
        award_revision=entry.award_revision + 1,
        award_points=-entry.award_points,
        points=-entry.points,
        over_cap=0,
        period=f"{moment.today:%Y-%m}",
        status=S.PENDING,
        maker_id=maker_id,
        decided_by_id=None,
        decided_at=None,
        reason=reason,
        reverses_id=entry.id,
        capped_on=None,
    )


def _entries(rows: Rows, ids: Sequence[str]) -> list[PointsEntry]:
    if not ids or len(set(ids)) != len(ids):
        raise RefusedError(INVALID_ARGUMENT, field="ids")
    return [demand(rows, PointsEntry, entry_id) for entry_id in ids]


def _demand_checker(rows: Rows, entry: PointsEntry, actor: Actor) -> None:
    """Refuse whoever profits from the entry, caused it, or has no say over it."""
    if actor.staff_id in {entry.payee_id, entry.maker_id}:
        raise RefusedError("own-points")
    if entry.reverses_id is None and not _is_branch_head(rows, entry.payee_id):
        if actor.holds(Role.BRANCH_HEAD) and entry.outlet_id == actor.outlet_id:
            return
        # What the branch head caused, the branch head can't check.
        if not _is_branch_head(rows, entry.maker_id):
            raise RefusedError(FORBIDDEN_ACTION, object="points_entry", action="decide")
    outlet = demand(rows, Outlet, entry.outlet_id)
    if not actor.holds(Role.ADMINISTRATOR) or outlet.county_id != actor.county_id:
        raise RefusedError(FORBIDDEN_ACTION, object="points_entry", action="decide")


def _stands_otherwise(rows: Rows, entry: PointsEntry) -> bool:
    """Tell whether the award was paid in an earlier revision that has not been taken back."""
    return any(
        other.award_revision != entry.award_revision
        and other.reverses_id is None
        and (other.status, A.REVERSE) in TRANSITIONS
        for other in rows.where(PointsEntry, award=entry.award)
    )


def _is_branch_head(rows: Rows, staff_id: str) -> bool:
    return Role.BRANCH_HEAD in demand(rows, Staff, staff_id).roles


def _decided(
    entry: PointsEntry, status: PointsStatus, actor: Actor, moment: Moment, reason: str | None
) -> PointsEntry:
    return replace(
        entry, status=status, decided_by_id=actor.staff_id, decided_at=moment.now, reason=reason
    )


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise RefusedError("reason-missing")


MUTATIONS = (
    Mutation(
        name="approve_points",
        version=1,
        args=ApprovePoints,
        roles=_CHECKERS,
        decide=approve_points,
        current_only=True,
    ),
    Mutation(
        name="reject_points",
        version=1,
        args=RejectPoints,
        roles=_CHECKERS,
        decide=reject_points,
        current_only=True,
    ),
    Mutation(
        name="propose_reversal",
        version=1,
        args=ReversePoints,
        roles=_HEAD,
        decide=propose_reversal,
        current_only=True,
    ),
    Mutation(
        name="approve_reversal",
        version=1,
        args=ApproveReversal,
        roles=_ADMINISTRATOR,
        decide=approve_reversal,
        current_only=True,
    ),
)
"""Every mutation of points; append-only."""
