"""One phone number, however it was written."""

from __future__ import annotations

import re

import phonenumbers

__all__ = ["e164", "spellings"]

_REGION = "CN"

# A mobile number as nearly everybody dials it: no need to look into the plans of all countries.
# 179 is left to them, for it may be a carrier's prefix.
_MOBILE = re.compile(r"1(?:[3-689]\d|7[0-8])\d{8}", re.ASCII)


def e164(phone: str) -> str:
    """Return the number in E.164; what is no number in China's plan is returned as it is."""
    if _MOBILE.fullmatch(phone):
        return f"+86{phone}"
    try:
        parsed = phonenumbers.parse(phone, _REGION)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def spellings(phone: str) -> frozenset[str]:
    """Return every way in which a phone would have stored this number: digits, or + and digits."""
    if _MOBILE.fullmatch(phone):
        return _spelled(phone, _CHINA, phone)
    try:
        parsed = phonenumbers.parse(phone, _REGION)
    except phonenumbers.NumberParseException:
        return frozenset({phone})
    national = phonenumbers.national_significant_number(parsed)
    return _spelled(phone, str(parsed.country_code), national)


def _spelled(phone: str, code: str, national: str) -> frozenset[str]:
    return frozenset(
        {phone, f"+{code}{national}", f"{code}{national}", f"00{code}{national}"}
        | ({national, f"0{national}"} if code == _CHINA else set())
    )


_CHINA = str(phonenumbers.country_code_for_region(_REGION))
