"""What an earlier life of this server has promised: signed receipts of operations that it lost.

After a restore, phones send again what the backup lacks, with the receipts that they kept. What
only the server decided then (the number, the time, the refusal) stays as it was; what the rules
decide, they decide again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.models.sync import OpModel
from server.mutations.receiving import OpContent, ReceivedOp
from server.mutations.running import Outcome, Sight
from server.rows import DatabaseRows
from shared.canonical import Json, canonical_bytes
from shared.domain.people import Device
from shared.domain.refusals import CUSTOMER_ERASED
from shared.wire.envelope import OpForm, OpState, Receipt
from shared.wire.problems import PROBLEMS, problem
from shared.wire.rows import decode, encode
from shared.wire.schemas import InvalidFieldsError, instant_from_ms, instant_ms

__all__ = ["WAITS_AT_MOST", "Promise", "free_number", "kept", "lacks_a_revision"]

WAITS_AT_MOST = dt.timedelta(days=7)
"""So long does an operation wait for changes that its author saw and the server has lost."""

BYTES_AWAITED_AT_MOST = dt.timedelta(days=60)
"""So long does a file wait for its lost bytes: for as long as phones keep what they have sent.

Only one phone has them, and it may be away for longer than a week.
"""


@dataclass(frozen=True, slots=True)
class Promise:
    """A receipt of an earlier life, its signature checked.

    Attributes:
        receipt: As the phone kept it.
        problem: Why it was refused then, as the phone was told.
        again_at: When it came back.
    """

    receipt: Receipt
    problem: Mapping[str, Json] | None
    again_at: dt.datetime

    @property
    def at(self) -> dt.datetime:
        """When the server took the operation first."""
        return min(instant_from_ms(self.receipt.at), self.again_at)

    @property
    def form(self) -> OpForm:
        """Under which number the operation was promised; it may come back under a later one."""
        return OpForm(self.receipt.device, self.receipt.seq, self.receipt.digest)

    @property
    def refusal(self) -> Outcome | None:
        """What was refused stays so: its author has been told, and may have recorded it anew."""
        if self.receipt.state is not OpState.REJECTED:
            return None
        told = self.problem or {}
        slug = str(told.get("type", "")).removeprefix("/problems/")
        return Outcome(
            OpState.REJECTED, dict(told) if slug in PROBLEMS else problem("stale-object")
        )

    def text(self) -> str:
        """Return what the op log keeps of it."""
        values: dict[str, Json] = {
            "receipt": encode(self.receipt),
            "problem": None if self.problem is None else dict(self.problem),
            "again_at": instant_ms(self.again_at),
        }
        return canonical_bytes(values).decode()

    @classmethod
    def from_text(cls, text: str) -> Promise:
        """Read what `text` returned."""
        values = json.loads(text)
        return cls(
            decode(Receipt, values["receipt"]),
            values["problem"],
            instant_from_ms(values["again_at"]),
        )


def kept(promise: Promise, outcome: Outcome, waited: dt.timedelta) -> Outcome:
    """Return what becomes of an operation that was promised, now that it ended in *outcome*.

    Refused by the rules, it waits for what other phones still bring; after that it is a matter for
    people: it is parked, never refused.
    """
    if outcome.state is not OpState.REJECTED:
        return outcome
    if outcome.problem is not None and outcome.problem["type"] == f"/problems/{CUSTOMER_ERASED}":
        return Outcome(OpState.OK)  # As it was; there is nobody any more whom it could change.
    slug = str((outcome.problem or {}).get("type", "")).removeprefix("/problems/")
    # A phone that still has the bytes sends them again, if it is told that they are awaited.
    awaits_bytes = slug == "blob-missing"
    if waited < (BYTES_AWAITED_AT_MOST if awaits_bytes else WAITS_AT_MOST):
        return Outcome(OpState.DEFERRED, problem=outcome.problem if awaits_bytes else None)
    return replace(
        outcome,
        state=OpState.PARKED,
        problem=None,
        parked_reason=f"promised {promise.receipt.state} before a restore, now refused: {slug}",
    )


def free_number(session: Session, county_id: str, promise: Promise) -> int | None:
    """Return the promised receipt's number, or None when another operation has it by now."""
    number = promise.receipt.number
    query = sa.select(OpModel.seq).filter_by(county_id=county_id, number=number)
    return number if session.execute(query).first() is None else None


def lacks_a_revision(op: ReceivedOp, rows: DatabaseRows, sight: Sight) -> bool:
    """Tell whether the author saw changes that the server has lost and will get again.

    A row that was ever in a feed is never forgotten there, so an unknown one was lost too. A
    device's own row changes with each contact, so that its revisions say nothing.
    """
    try:
        content: OpContent = op.content
    except (InvalidFieldsError, LookupError, ValueError):
        return False
    for row_id, seen in content.base.items():
        known = sight.objects.get(row_id)
        if known is None:
            if seen > 0 and not rows.is_new(row_id):
                return True
            continue
        if known.table is Device:
            continue
        record = rows.record(known.table, row_id)
        if record is not None and record.revision < seen:
            return True
    return False
