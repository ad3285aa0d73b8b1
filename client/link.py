"""The enrolment code that a link carries: `https://…/#enrol=ABCD-EFGH-JKMN`."""

from __future__ import annotations

import re

__all__ = ["CODE_LENGTH", "clean_code", "enrolment_code", "shown_code"]

CODE_LENGTH = 12

_IN_LINK = re.compile(r"[#/?&]enrol=([0-9A-Za-z-]{12,20})")
# Letters that Crockford's base 32 leaves out, for people take them for digits.
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})


def enrolment_code(*addresses: str) -> str:
    """Return the code in the first of *addresses* that has one, cleaned, or nothing."""
    for address in addresses:
        found = _IN_LINK.search(address)
        if found:
            return clean_code(found.group(1))
    return ""


def clean_code(typed: str) -> str:
    """Return what was typed as the characters of a code: capitals, without hyphens and blanks."""
    plain = re.sub(r"[^0-9A-Z]", "", typed.upper()).translate(_READ_AS)
    return plain[:CODE_LENGTH]


def shown_code(code: str) -> str:
    """Return a code in groups of four, as it is printed."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
