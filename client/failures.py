"""What is said when something fails: what happened, what to do, and that nothing is lost."""

from __future__ import annotations

import hashlib
import traceback

from client.strings import Words
from shared.domain.refusals import RefusedError

__all__ = ["said", "support_code"]


def said(error: Exception, words: Words) -> str:
    """Return the message for *error*."""
    if isinstance(error, RefusedError):
        return f"{words.problem(error.slug, error.facts)} {words.remedy(error.slug)}"
    return words("error.unexpected", code=support_code(error))


def support_code(error: Exception) -> str:
    """Return a short code of the kind and place of *error*, the same on every phone."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""
    digest = hashlib.sha256(f"{type(error).__name__} {place}".encode()).hexdigest()
    return digest[:6].upper()
