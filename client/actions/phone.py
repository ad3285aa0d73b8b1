"""A phone number while it is typed: what is wrong with it, said as soon as it can be known."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["PhoneCheck", "check_phone", "grouped", "masked", "plain_phone"]

MOBILE_DIGITS = 11
LANDLINE_DIGITS_MIN = 10  # With the area code.
LANDLINE_DIGITS_MAX = 12


@dataclass(frozen=True, slots=True)
class PhoneCheck:
    """What is known of a number: whether it is whole, and the key of what to say about it."""

    is_whole: bool
    key: str | None = None
    digits_missing: int = 0


def plain_phone(typed: str) -> str:
    """Return a number as it is dialled in China: digits without blanks, hyphens or +86."""
    digits = re.sub(r"[^0-9+]", "", typed)
    for prefix in ("+86", "0086"):
        if digits.startswith(prefix):
            return digits.removeprefix(prefix)
    if digits.startswith("86") and len(digits) == MOBILE_DIGITS + 2:
        return digits[2:]
    return digits


def check_phone(typed: str) -> PhoneCheck:
    """Judge a number as far as it was typed; an empty one is whole (it is optional)."""
    digits = plain_phone(typed)
    if not digits:
        is_empty = not typed.strip()
        return PhoneCheck(is_whole=is_empty, key=None if is_empty else "phone.no_digits")
    return _landline(digits) if digits.startswith("0") else _mobile(digits)


def _landline(digits: str) -> PhoneCheck:
    if len(digits) < LANDLINE_DIGITS_MIN:
        return PhoneCheck(is_whole=False, key="phone.landline_short")
    if len(digits) > LANDLINE_DIGITS_MAX:
        return PhoneCheck(is_whole=False, key="phone.too_long")
    return PhoneCheck(is_whole=True)


def _mobile(digits: str) -> PhoneCheck:
    if re.match(r"1($|[3-9])", digits) is None:
        return PhoneCheck(is_whole=False, key="phone.no_such_start")
    if len(digits) > MOBILE_DIGITS:
        return PhoneCheck(is_whole=False, key="phone.too_long")
    missing = MOBILE_DIGITS - len(digits)
    return PhoneCheck(
        is_whole=missing == 0, key="phone.missing" if missing else None, digits_missing=missing
    )


def grouped(phone: str) -> str:
    """Return a mobile number in groups that can be read aloud: 138 0000 5678."""
    if len(phone) == MOBILE_DIGITS and phone.startswith("1"):
        return f"{phone[:3]} {phone[3:7]} {phone[7:]}"
    return phone


def masked(phone: str) -> str:
    """Return a number with its middle hidden: 138****5678."""
    if len(phone) < LANDLINE_DIGITS_MIN - 2:
        return "****"
    return f"{phone[:3]}****{phone[-4:]}"
