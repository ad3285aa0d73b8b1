"""Canonical JSON: one byte sequence for one value, so that digests and signatures hold.

Keys sorted, no white space, UTF-8 unescaped, integers only. After RFC 8785, narrowed: no floats
(money is fen, points are whole, instants are milliseconds).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import TypeAlias

__all__ = [
    "Json",
    "MalformedJsonError",
    "canonical_bytes",
    "digest_of",
    "parse_json",
    "without_forbidden",
]

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

INTEGER_MAX = 2**53 - 1  # What JavaScript's numbers hold exactly.
DEPTH_MAX = 32

# Control characters (but newline and tab), lone surrogates, and the marks that reorder text: each
# has broken a database driver or fooled a reader.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


class MalformedJsonError(ValueError):
    """Bytes that are no JSON of the house; the message says where and why."""


def canonical_bytes(value: object) -> bytes:
    """Return the canonical bytes of a JSON value without floats.

    Raises:
        TypeError: A float, or a type that JSON does not have.
    """
    _refuse_floats(value)
    return _ENCODER.encode(value).encode()


def digest_of(value: object) -> str:
    """Return the SHA-256 of the canonical bytes, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def parse_json(body: bytes) -> Json:
    """Parse what a stranger sent, refusing what `json` lets through.

    Refused: NaN and infinities, floats, integers beyond 2**53, duplicate keys, lone surrogates,
    control characters, text-reordering marks, and nesting deeper than 32.

    Raises:
        MalformedJsonError: For any of these, and for what is no JSON or no UTF-8.
    """
    try:
        text = body.decode("utf-8")
        value: Json = json.loads(
            text,
            parse_float=_refuse_number,
            parse_int=_parse_integer,
            parse_constant=_refuse_number,
            object_pairs_hook=_object_without_duplicates,
        )
    except UnicodeDecodeError as error:
        raise MalformedJsonError(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"{error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise MalformedJsonError("nested too deeply") from error
    _refuse_unsafe(value, 0)
    return value


def without_forbidden(text: str) -> str:
    """Return *text* without the characters that `parse_json` refuses, none of which is seen.

    A number copied from a phone's contacts comes between marks that keep its direction.
    """
    return _FORBIDDEN.sub("", text)


# Unchecked for circles, which no JSON has: marking each object takes a third of the time.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
)
_PLAIN = frozenset({str, int, bool, type(None)})


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError(f"canonical JSON has no floats: {value!r}")
    members: Iterable[object] = ()
    if isinstance(value, dict):
        members = value.values()
    elif isinstance(value, list | tuple):
        members = value
    # Most members are plain, and most of the time here went into asking them what they are.
    if _PLAIN.issuperset(map(type, members)):
        return
    for member in members:
        if type(member) not in _PLAIN:
            _refuse_floats(member)


def _refuse_number(text: str) -> Json:
    raise MalformedJsonError(f"only whole numbers are taken, not {text[:20]}")


def _parse_integer(text: str) -> int:
    # Measured before converting: CPython refuses 5,000 digits with an error of its own.
    if len(text) > len(str(INTEGER_MAX)) + 1 or abs(int(text)) > INTEGER_MAX:
        raise MalformedJsonError("a number is too large")
    return int(text)


def _object_without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJsonError("a key stands twice in one object")
    return members


def _refuse_unsafe(value: Json, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise MalformedJsonError("nested too deeply")
    if isinstance(value, str):
        if _FORBIDDEN.search(value):
            raise MalformedJsonError("a text holds a forbidden character")
    elif isinstance(value, list):
        for member in value:
            _refuse_unsafe(member, depth + 1)
    elif isinstance(value, dict):
        for key, member in value.items():
            _refuse_unsafe(key, depth + 1)
            _refuse_unsafe(member, depth + 1)
