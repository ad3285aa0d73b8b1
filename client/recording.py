"""From what a screen hands over to an op that may be journalled, or a refusal before it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from client.store.holdings import Holdings, local_op
from client.store.timekeeping import Timekeeper
from shared.canonical import Json, MalformedJsonError, canonical_bytes, parse_json
from shared.domain.refusals import INVALID_ARGUMENT, RefusedError
from shared.domain.rows import Row
from shared.wire.envelope import ClockReading
from shared.wire.mutations import MUTATIONS
from shared.wire.rows import encode

__all__ = ["decided_op"]


def decided_op(
    holdings: Holdings,
    time: Timekeeper,
    name: str,
    args: object,
    *,
    clock: ClockReading | None = None,
) -> tuple[dict[str, Json], Sequence[Row]]:
    """Return the op of a mutation, not numbered yet, and the rows that the rules make of it.

    Args:
        holdings: What the author sees.
        time: The clocks.
        name: Of `shared.wire.mutations`.
        args: The mutation's frozen dataclass, or a mapping as on the wire.
        clock: What the clocks said when it was done, if that was not just now.

    Raises:
        RefusedError: The rules, or the limits of the arguments.
    """
    values = _wire_values(args)
    op: dict[str, Json] = {
        "seq": 0,
        "name": name,
        "v": MUTATIONS[name].version,
        "args": values,
        "base": {},
        "by": holdings.me.id,
        "clock": encode(clock or time.reading()),
    }
    rows = holdings.world.decide(local_op(op))
    about = {*_own_ids(values), *(row.id for row in rows)}
    base = {row_id: holdings.world.revision_of(row_id) for row_id in sorted(about)}
    return {**op, "base": {i: revision for i, revision in base.items() if revision}}, rows


def _wire_values(args: object) -> dict[str, Json]:
    """Return arguments as on the wire.

    Raises:
        RefusedError: `invalid-argument`: a character that no server takes. Journalled, it would
            make every request that carries it unreadable.
    """
    if dataclasses.is_dataclass(args):
        values = encode(args)
    else:
        assert isinstance(args, Mapping), args
        values = {name: value for name, value in args.items() if value is not None}
    for name, value in values.items():
        try:
            parse_json(canonical_bytes({name: value}))
        except (MalformedJsonError, UnicodeEncodeError) as error:
            raise RefusedError(INVALID_ARGUMENT, field=name) from error
    return values


def _own_ids(values: Mapping[str, Json]) -> set[str]:
    """Return the ids of the objects that an op is about."""
    one, many = values.get("id"), values.get("ids")
    ids = [one, *(many if isinstance(many, list) else [])]
    return {row_id for row_id in ids if isinstance(row_id, str)}
