"""An operation as it came in: its members read one by one, so that a bad one harms only itself."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import types
import typing
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shared.canonical import Json, canonical_bytes
from shared.domain.clock import CaptureClock
from shared.domain.erasure import redacted
from shared.domain.fields import Id
from shared.domain.mutation import Mutation
from shared.ids import SEQUENCE_MAX
from shared.wire.envelope import SESSION, ClockReading, OpForm, earlier_forms
from shared.wire.mutations import load_args, mutation_named
from shared.wire.rows import encode
from shared.wire.schemas import InvalidFieldsError, instant_from_ms, load_dataclass
from shared.wire.upcasters import upcast

__all__ = ["OpContent", "ReceivedOp", "capture_clock", "ids_named_by", "ops_of", "sequence_of"]

NAME_LENGTH_MAX = 64
VERSION_MAX = 2**31 - 1


@dataclass(frozen=True)
class ReceivedOp:
    """An operation's members as sent, with its sequence; what follows is computed once.

    Attributes:
        is_redacted: Whether it is only what an erasure has left of one.
        promised_as: The form that a promise was made for, where its text was destroyed since.
    """

    seq: int
    members: Mapping[str, Json]
    is_redacted: bool = False
    promised_as: OpForm | None = None

    @functools.cached_property
    def digest(self) -> str:
        """The digest over the journalled bytes: what `op_digest` says of the members."""
        return hashlib.sha256(self._journalled).hexdigest()

    def redacted(self) -> ReceivedOp:
        """Return the operation without what says whom it is about; it has another digest.

        Raises:
            UnknownMutationError, InvalidFieldsError: As `content`.
        """
        content = self.content
        members = {
            **self.members,
            "v": content.mutation.version,
            "args": encode(redacted(content.args)),
        }
        return ReceivedOp(self.seq, members, is_redacted=True)

    @functools.cached_property
    def earlier(self) -> tuple[OpForm, ...]:
        """Under which earlier numbers of the same phone it may have come already."""
        if self.promised_as is not None:
            return (self.promised_as,)
        return tuple(earlier_forms(self.members)) if "was" in self.members else ()

    @functools.cached_property
    def body(self) -> str:
        """The journalled text."""
        return self._journalled.decode()

    @functools.cached_property
    def _journalled(self) -> bytes:
        return canonical_bytes(self.members)

    @property
    def name(self) -> str:
        """The mutation's name as sent; a nameless one is kept under an empty name."""
        name = self.members.get("name")
        return name if isinstance(name, str) and len(name) <= NAME_LENGTH_MAX else ""

    @property
    def version(self) -> int:
        """The version of the arguments as sent; 0 when it is none."""
        v = self.members.get("v")
        return v if isinstance(v, int) and 0 <= v <= VERSION_MAX else 0

    @functools.cached_property
    def content(self) -> OpContent:
        """What the operation asks for; raises as `OpContent.of` does."""
        return OpContent.of(self)

    @classmethod
    def from_body(cls, seq: int, body: str) -> ReceivedOp:
        """Return the operation that was kept as *body*."""
        return cls(seq, json.loads(body))


@dataclass(frozen=True, slots=True)
class OpContent:
    """What an operation asks for, checked against its schema.

    Attributes:
        mutation: The named change.
        args: Its arguments, brought to the present version.
        base: The revision that the author saw, by the object's id.
        by: The author's staff id.
    """

    mutation: Mutation
    args: Any
    base: Mapping[str, int]
    by: str

    @classmethod
    def of(cls, op: ReceivedOp) -> OpContent:
        """Read *op*.

        Raises:
            UnknownMutationError: No such name, or a newer version than this server knows.
            InvalidFieldsError: A member does not fit.
        """
        mutation = mutation_named(op.name, op.version)
        args = op.members.get("args")
        base = op.members.get("base", {})
        by = op.members.get("by")
        if not isinstance(args, dict):
            raise InvalidFieldsError({"args": ["wrong-type"]})
        if not isinstance(base, dict) or not all(type(seen) is int for seen in base.values()):
            raise InvalidFieldsError({"base": ["wrong-type"]})
        if not isinstance(by, str):
            raise InvalidFieldsError({"by": ["wrong-type"]})
        current = upcast(mutation, op.version, args)
        seen = {row_id: revision for row_id, revision in base.items() if type(revision) is int}
        return cls(mutation, load_args(mutation, current), seen, by)


def sequence_of(members: Json) -> int | None:
    """Return an operation's sequence, or None if it has none."""
    if not isinstance(members, dict):
        return None
    seq = members.get("seq")
    return seq if type(seq) is int and 1 <= seq <= SEQUENCE_MAX else None


def ops_of(members_of_ops: Sequence[Json]) -> list[ReceivedOp]:
    """Return the operations; without a sequence there is no place to put even a refusal.

    Raises:
        InvalidFieldsError: One has no sequence, or they are out of order.
    """
    ops: list[ReceivedOp] = []
    for place, members in enumerate(members_of_ops):
        seq = sequence_of(members)
        if seq is None or not isinstance(members, dict):
            raise InvalidFieldsError({f"ops.{place}.seq": ["wrong-type"]})
        if ops and seq <= ops[-1].seq:
            raise InvalidFieldsError({f"ops.{place}.seq": ["out-of-order"]})
        ops.append(ReceivedOp(seq, members))
    return ops


def capture_clock(op: ReceivedOp) -> CaptureClock:
    """Return what the phone's clocks said; a broken reading says nothing (grade C)."""
    try:
        reading = load_dataclass(ClockReading, op.members.get("clock"))
        wall_at = instant_from_ms(reading.wall)
        anchor = reading.anchor
        return CaptureClock(
            wall_at=wall_at,
            mono_ms=reading.mono,
            anchor_at=instant_from_ms(anchor.server) if anchor else None,
            anchor_mono_ms=anchor.mono if anchor else 0,
            same_boot=anchor is not None and anchor.boot == reading.boot,
            may_sleep=reading.boot.startswith(SESSION),
            anchor_wall_at=None
            if anchor is None or anchor.wall is None
            else instant_from_ms(anchor.wall),
        )
    except (InvalidFieldsError, OverflowError):
        return CaptureClock(wall_at=dt.datetime.min.replace(tzinfo=dt.UTC), mono_ms=0)


def ids_named_by(args: object) -> Iterator[str]:
    """Yield the ids that arguments name."""
    for name in _id_fields(cast("Hashable", type(args))):
        value = getattr(args, name)
        if isinstance(value, str):
            yield value
        elif value is not None:
            yield from value


@functools.cache
def _id_fields(args_type: type) -> tuple[str, ...]:
    hints = typing.get_type_hints(args_type, include_extras=True)
    return tuple(name for name, hint in hints.items() if _is_id(hint))


def _is_id(hint: Any) -> bool:
    if hint == Id:
        return True
    composed = typing.get_origin(hint) in {tuple, typing.Union, types.UnionType}
    return composed and any(_is_id(member) for member in typing.get_args(hint))
