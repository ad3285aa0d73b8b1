"""A release in the middle of a run: a mutation's new version, and a replica of another form.

Both sides of a simulation are one process, so that they are upgraded in one moment; what phones
hold in their journals stays of the old version.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast
from unittest.mock import patch

from client.store import replica
from shared.canonical import Json
from shared.domain.fields import Id, Name, Note, Phone
from shared.domain.moment import Moment
from shared.domain.people import Actor
from shared.domain.referral import AmountBand, CorrectReferral, Interest, Need
from shared.domain.referral_capture import correct_referral
from shared.domain.rows import Row, Rows
from shared.wire import mutations, upcasters

__all__ = ["Release", "release_possible"]

_NAME = "correct_referral"


@dataclass(frozen=True, slots=True, kw_only=True)
class _CorrectReferral2:
    """As `CorrectReferral`, but for its note's name."""

    id: Id
    customer_name: Name | None = None
    phone: Phone | None = None
    need: Need | None = None
    interest: Interest | None = None
    amount_band: AmountBand | None = None
    remark: Note | None = None


class Release:
    """The release of a run, out or not."""

    def __init__(self) -> None:
        self.is_out = False

    def publish(self) -> None:
        """Upgrade the server, and the apps as they are started next."""
        self.is_out = True
        mutations.MUTATIONS[_NAME] = dataclasses.replace(
            mutations.MUTATIONS[_NAME], version=2, args=_CorrectReferral2, decide=_correct
        )
        upcasters.UPCASTERS[_NAME, 1] = _upcast
        # The new app throws away a replica of the old form, as it does with a damaged one.
        replica._SCHEMA = replica._SCHEMA.replace("user_version = 1", "user_version = 2")
        replica._SCHEMA_VERSION = 2

    def typed(self, args: object) -> object:
        """Return arguments as the app of this release makes them."""
        if not self.is_out or not isinstance(args, CorrectReferral):
            return args
        values = {field.name: getattr(args, field.name) for field in dataclasses.fields(args)}
        return _CorrectReferral2(**{_renamed(name): value for name, value in values.items()})


@contextmanager
def release_possible() -> Iterator[Release]:
    """Give a release; afterwards everything is of the old version again."""
    with (
        patch.dict(mutations.MUTATIONS),
        patch.dict(upcasters.UPCASTERS),
        patch.object(replica, "_SCHEMA", replica._SCHEMA),
        patch.object(replica, "_SCHEMA_VERSION", replica._SCHEMA_VERSION),
    ):
        yield Release()


def _renamed(name: str) -> str:
    return "remark" if name == "note" else name


def _upcast(args: Mapping[str, Json]) -> Mapping[str, Json]:
    return {_renamed(name): value for name, value in args.items()}


def _correct(rows: Rows, args: object, actor: Actor, moment: Moment) -> Sequence[Row]:
    new = cast("_CorrectReferral2", args)
    values = {field.name: getattr(new, field.name) for field in dataclasses.fields(new)}
    note = values.pop("remark")
    return correct_referral(rows, CorrectReferral(**values, note=note), actor, moment)
