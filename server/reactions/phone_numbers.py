"""One phone number, however it was written."""

from __future__ import annotations

import phonenumbers

__all__ = ["e164", "spellings"]

_REGION = "CN"


def e164(phone: str) -> str:
    """Return the number in E.164; what is no number in China's plan is returned as it is."""
    try:
        parsed = phonenumbers.parse(phone, _REGION)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def spellings(phone: str) -> frozenset[str]:
    """Return every way in which a phone would have stored this number: digits, or + and digits."""
    try:
        parsed = phonenumbers.parse(phone, _REGION)
    except phonenumbers.NumberParseException:
        return frozenset({phone})
    national = phonenumbers.national_significant_number(parsed)
    code = str(parsed.country_code)
    return frozenset(
        {phone, f"+{code}{national}", f"{code}{national}", f"00{code}{national}"}
        | ({national, f"0{national}"} if code == _CHINA else set())
    )


_CHINA = str(phonenumbers.country_code_for_region(_REGION))
