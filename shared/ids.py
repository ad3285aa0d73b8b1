"""Short ids that a phone can make alone: device, sequence and 20 random bits.

An id is 13 characters of Crockford's base 32 (64 bits): device number (20 bits), sequence of
the op that made the object (24 bits), salt (20 bits). Random UUIDs were the largest avoidable
cost on a 2G link; see ADR-0002.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

__all__ = [
    "DEVICE_NUMBER_MAX",
    "ID_LENGTH",
    "SEQUENCE_MAX",
    "SERVER_DEVICE_NUMBER",
    "IdParts",
    "InvalidIdError",
    "derived_id",
    "id_number",
    "id_of_number",
    "make_id",
    "new_id",
    "parse_id",
]

SERVER_DEVICE_NUMBER = 0  # Objects that no phone caused: imports and timers.
DEVICE_NUMBER_MAX = 2**20 - 1
SEQUENCE_MAX = 2**24 - 1
ID_LENGTH = 13

_SALT_BITS = 20
_SEQUENCE_BITS = 24
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = frozenset(_ALPHABET)
# How `int` spells the same digits; ids are read and written all the time, so it does the work.
_AS_PYTHON = str.maketrans(_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTUV")
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)


class InvalidIdError(ValueError):
    """A text that is no id."""


@dataclass(frozen=True, slots=True)
class IdParts:
    """What an id says: the device and the op that made the object, and the salt."""

    device_number: int
    sequence: int
    salt: int


def make_id(device_number: int, sequence: int, salt: int) -> str:
    """Return the id of these parts; ids of one device sort by sequence."""
    assert 0 <= device_number <= DEVICE_NUMBER_MAX, device_number
    assert 0 <= sequence <= SEQUENCE_MAX, sequence
    assert 0 <= salt < 1 << _SALT_BITS, salt
    return id_of_number((device_number << _SEQUENCE_BITS | sequence) << _SALT_BITS | salt)


def id_of_number(value: int) -> str:
    """Return the id that 64 bits are.

    Raises:
        InvalidIdError: More than 64 bits, or a negative number.
    """
    if not 0 <= value < 1 << 64:
        raise InvalidIdError(str(value))
    return _ALPHABET[value >> 60] + "".join(
        [_PAIRS[value >> shift & 1023] for shift in (50, 40, 30, 20, 10, 0)]
    )


def new_id(device_number: int, sequence: int) -> str:
    """Return a fresh id for an object that op *sequence* of *device_number* makes."""
    # From the operating system: an interpreter snapshot would freeze `random`'s state.
    return make_id(device_number, sequence, int.from_bytes(os.urandom(3)) >> 4)


def derived_id(cause: str, kind: str, ordinal: int = 0) -> str:
    """Return the id of what follows from *cause* (an id): the same on every run and machine.

    A restored server that runs an op again makes the same rows again, under the same ids.

    Raises:
        InvalidIdError: *cause* is none.
    """
    id_number(cause)
    digest = hashlib.sha256(f"{cause}/{kind}".encode()).digest()
    # Counted on from there, not hashed: the hundredth version must not meet the third one's id.
    salt = (int.from_bytes(digest[:3]) + ordinal) % (1 << _SALT_BITS)
    # The salt is the last four characters, device and sequence the others.
    return cause[:-4] + _PAIRS[salt >> 10] + _PAIRS[salt & 1023]


def parse_id(text: str) -> IdParts:
    """Read an id.

    Raises:
        InvalidIdError: Not 13 characters of the alphabet, or more than 64 bits.
    """
    value = id_number(text)
    op = value >> _SALT_BITS
    return IdParts(op >> _SEQUENCE_BITS, op & SEQUENCE_MAX, value & (1 << _SALT_BITS) - 1)


def id_number(text: str) -> int:
    """Return the 64 bits that an id is.

    Raises:
        InvalidIdError: Not 13 characters of the alphabet, or more than 64 bits.
    """
    if len(text) != ID_LENGTH:
        raise InvalidIdError(text)
    if not _CHARACTERS.issuperset(text):
        raise InvalidIdError(text)
    value = int(text.translate(_AS_PYTHON), 32)
    if value >= 1 << 64:
        raise InvalidIdError(text)
    return value
