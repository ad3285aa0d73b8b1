"""What wraps operations and rows on the wire: signatures, digests, receipts, codes.

`docs/protocol.md` is the specification; both sides compute with this module.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, NamedTuple

from shared.canonical import INTEGER_MAX, Json, canonical_bytes, digest_of
from shared.domain.fields import Digest, Text, Whole
from shared.wire.rows import encode

__all__ = [
    "APP_VERSION",
    "CODE_SELECTOR_LENGTH",
    "DEVICE_HEADER",
    "DIGEST_HEADER",
    "ENROL_PATH",
    "ERASED_RECORD",
    "GENERATION_HEADER",
    "SESSION",
    "SIGNATURE_HEADER",
    "SYNC_PATH",
    "Anchor",
    "ClockReading",
    "OpForm",
    "OpState",
    "Receipt",
    "content_digest",
    "earlier_forms",
    "format_code",
    "from_base64url",
    "moved_op",
    "normalise_code",
    "op_digest",
    "receipt_bytes",
    "signed_message",
    "to_base64url",
]

APP_VERSION = 1
"""The wire version of this app; raised when rows or answers change in a way that must be told."""

ERASED_RECORD = "report_erased_record"
"""Name of the op by which a phone offers again, after a restore, what it has erased by order.

The server has kept what is left of it; what it does not know it refuses as unknown.
"""

ENROL_PATH = "/api/v1/enrol"
SYNC_PATH = "/api/v1/sync"
DEVICE_HEADER = "Liandong-Device"
DIGEST_HEADER = "Content-Digest"
GENERATION_HEADER = "Liandong-Generation"
SIGNATURE_HEADER = "Liandong-Signature"

CODE_SELECTOR_LENGTH = 4
_CODE_LENGTH = 12
_CODE_ALPHABET = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None, "\u3000": None})

_MOVES_MAX = 100  # A phone is enrolled anew now and then, not every day.

Milliseconds = Annotated[int, Whole(0, INTEGER_MAX)]
Boot = Annotated[str, Text(1, 64)]


SESSION = "session:"
"""How the name of a boot begins that is only a session: its clock may stand still in sleep."""


class OpState(StrEnum):
    """What became of an operation."""

    OK = "ok"
    REJECTED = "rejected"
    PARKED = "parked"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The server's time of the last answer, and the device's clocks at its arrival."""

    server: Milliseconds
    mono: Milliseconds
    boot: Boot
    wall: Milliseconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """What a device's clocks said, raw: the server grades it (PRODUCT §6).

    A `boot` that begins with `SESSION` names a clock that may stand still while the device sleeps.
    """

    wall: Milliseconds
    mono: Milliseconds
    boot: Boot
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The server's signed word on one operation.

    Attributes:
        number: Counts the county's operations; what the screen shows as receipt number.
        at: When the server took it, milliseconds since 1970 in UTC.
        signature: Over `receipt_bytes`, base64url of r and s.
    """

    number: int
    device: int
    seq: int
    digest: Digest
    state: OpState
    at: Milliseconds
    generation: str
    signature: str


def content_digest(body: bytes) -> str:
    """Return what the header of that name says of *body* (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def op_digest(op: Mapping[str, Json]) -> str:
    """Return the SHA-256 over an operation's journalled bytes, 64 hexadecimal digits."""
    return digest_of(op)


class OpForm(NamedTuple):
    """An operation as it is known under one of its numbers: the same three, the same operation."""

    device: int
    seq: int
    digest: str


def moved_op(op: Mapping[str, Json], device: int) -> dict[str, Json]:
    """Return *op*, journalled as *device*'s, as another number of the same phone sends it.

    `was` keeps the device and sequence of each earlier form, the first one first.
    """
    earlier = op.get("was", [])
    assert isinstance(earlier, list)
    values = {name: value for name, value in op.items() if name != "seq"}
    return {**values, "was": [*earlier, [device, op["seq"]]]}


def earlier_forms(op: Mapping[str, Json]) -> Iterator[OpForm]:
    """Yield the forms that *op* says to have had under earlier numbers, the latest first.

    Each digest is that of the bytes as they were journalled then, so that nobody can claim what
    another operation was. A `was` of another shape says nothing.
    """
    was = op.get("was")
    if not isinstance(was, list) or len(was) > _MOVES_MAX:
        return
    pairs = [pair for value in was if (pair := _pair(value)) is not None]
    if len(pairs) < len(was):
        return
    for count in range(len(pairs), 0, -1):
        device, seq = pairs[count - 1]
        form: dict[str, Json] = {**op, "seq": seq, "was": was[: count - 1]}
        if count == 1:
            del form["was"]
        yield OpForm(device, seq, digest_of(form))


def _pair(value: Json) -> tuple[int, int] | None:
    """Return the device and sequence that *value* is, or None."""
    match value:
        case [int(device), int(seq)] if type(device) is type(seq) is int:
            return device, seq
    return None


def receipt_bytes(receipt: Receipt) -> bytes:
    """Return what the server signs: the canonical bytes of all members but the signature."""
    members = encode(receipt)
    del members["signature"]
    return canonical_bytes(members)


def signed_message(method: str, path: str, body: bytes, *, device: int, generation: str) -> bytes:
    """Return what a device signs for a request; *body* as sent, *path* with its query.

    The device's number is in it, for a phone that is enrolled anew keeps its key.
    """
    digest = hashlib.sha256(body).hexdigest()
    return f"{method}\n{path}\n{digest}\n{device}\n{generation}\n".encode()


def to_base64url(content: bytes) -> str:
    """Return base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Read base64url without padding.

    Raises:
        ValueError: The text is no such thing.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def normalise_code(text: str) -> str | None:
    """Return the 12 characters of an enrolment code as typed by a person, or None if it is none."""
    code = text.upper().translate(_READ_AS)
    return code if len(code) == _CODE_LENGTH and _CODE_ALPHABET.issuperset(code) else None


def format_code(code: str) -> str:
    """Return a code in groups of four, for people."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
