"""Running an outlet: who is away, who covers a round, which device is lost or revoked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.domain.demands import (
    DAYS_AHEAD_MAX,
    demand_colleague,
    demand_in_order,
    demand_outlet,
)
from shared.domain.fields import Id
from shared.domain.moment import Moment
from shared.domain.mutation import Mutation
from shared.domain.people import Actor, Device, Leave, Role, Staff
from shared.domain.refusals import (
    COLLEAGUE_UNAVAILABLE,
    INVALID_ARGUMENT,
    OUT_OF_SCOPE,
    RefusedError,
)
from shared.domain.rows import Row, Rows, demand
from shared.domain.village import Round, RoundCover

__all__ = [
    "MUTATIONS",
    "CoverRound",
    "NamedDevice",
    "SetLeave",
    "cover_round",
    "report_device_lost",
    "revoke_device",
    "set_leave",
]

_HEAD = frozenset({Role.BRANCH_HEAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLeave:
    """Days on which somebody is away; `id` is new, or that of a leave to be changed."""

    id: Id
    staff_id: Id
    from_on: dt.date
    to_on: dt.date
    backup_id: Id | None = None
    cancelled: bool = False


def set_leave(rows: Rows, args: SetLeave, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Note somebody's leave, change it or call it off; a wealth manager's backup is another one."""
    known = rows.get(Leave, args.id)
    if known is not None and known.staff_id != args.staff_id:
        raise RefusedError(INVALID_ARGUMENT, field="staff_id")
    absent = demand_colleague(rows, args.staff_id, actor, "staff_id")
    _demand_span(args.from_on, args.to_on, moment)
    if args.backup_id is not None:
        backup = demand(rows, Staff, args.backup_id)
        sells = Role.WEALTH_MANAGER
        is_able = backup.active and backup.county_id == actor.county_id
        if (
            backup.id == absent.id
            or not is_able
            or (sells in absent.roles) > (sells in backup.roles)
        ):
            raise RefusedError(COLLEAGUE_UNAVAILABLE, field="backup_id")
    return [
        Leave(
            id=args.id,
            staff_id=absent.id,
            from_on=args.from_on,
            to_on=args.to_on,
            backup_id=args.backup_id,
            cancelled=args.cancelled,
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRound:
    """Who does a round on some days; `id` is new, or that of a cover to be changed."""

    id: Id
    round_id: Id
    staff_id: Id
    from_on: dt.date
    to_on: dt.date
    cancelled: bool = False


def cover_round(rows: Rows, args: CoverRound, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Let somebody do another's round (顶班), change that or call it off; one at a time."""
    known = rows.get(RoundCover, args.id)
    if known is not None and known.round_id != args.round_id:
        raise RefusedError(INVALID_ARGUMENT, field="round_id")
    round_ = demand(rows, Round, args.round_id)
    demand_outlet(round_.outlet_id, actor, "round")
    stand_in = demand_colleague(rows, args.staff_id, actor, "staff_id")
    if stand_in.id == round_.postman_id or Role.POSTMAN not in stand_in.roles:
        raise RefusedError(COLLEAGUE_UNAVAILABLE, field="staff_id")
    _demand_span(args.from_on, args.to_on, moment)
    others = [
        cover
        for cover in rows.where(RoundCover, round_id=round_.id, cancelled=False)
        if cover.id != args.id and cover.from_on <= args.to_on and args.from_on <= cover.to_on
    ]
    if others and not args.cancelled:
        raise RefusedError(
            "round-covered",
            from_on=others[0].from_on.isoformat(),
            to_on=others[0].to_on.isoformat(),
        )
    return [
        RoundCover(
            id=args.id,
            round_id=round_.id,
            staff_id=stand_in.id,
            from_on=args.from_on,
            to_on=args.to_on,
            cancelled=args.cancelled,
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDevice:
    """A device alone."""

    id: Id


def report_device_lost(
    rows: Rows, args: NamedDevice, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Say that a device of the outlet is lost; the administrator revokes it."""
    device = demand(rows, Device, args.id)
    demand_outlet(device.outlet_id, actor, "device")
    if device.reported_lost_at is not None:
        return []
    return [replace(device, reported_lost_at=moment.now)]


def revoke_device(rows: Rows, args: NamedDevice, actor: Actor, moment: Moment) -> Sequence[Row]:
    """End a device's access; what its key sends later is set aside for a person."""
    device = demand(rows, Device, args.id)
    if demand(rows, Staff, device.staff_id).county_id != actor.county_id:
        raise RefusedError(OUT_OF_SCOPE, object="device")
    if device.revoked_at is not None:
        return []
    return [replace(device, revoked_at=moment.now)]


def _demand_span(from_on: dt.date, to_on: dt.date, moment: Moment) -> None:
    demand_in_order(from_on, to_on)
    if abs((to_on - moment.today).days) > DAYS_AHEAD_MAX:
        raise RefusedError(
            "day-too-far", field="to_on", day=to_on.isoformat(), days_max=DAYS_AHEAD_MAX
        )


MUTATIONS = (
    Mutation(name="set_leave", version=1, args=SetLeave, roles=_HEAD, decide=set_leave),
    Mutation(name="cover_round", version=1, args=CoverRound, roles=_HEAD, decide=cover_round),
    Mutation(
        name="report_device_lost",
        version=1,
        args=NamedDevice,
        roles=_HEAD,
        decide=report_device_lost,
    ),
    Mutation(
        name="revoke_device",
        version=1,
        args=NamedDevice,
        roles=frozenset({Role.ADMINISTRATOR}),
        decide=revoke_device,
    ),
)
"""Every mutation of the organisation; append-only."""
