"""What is said when something fails: what happened, what to do, and that nothing is lost.

And what support is told of it: where the program stood, never what it was about.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import platform
import sys
import traceback
from collections.abc import Iterator
from pathlib import PurePath

from client.releases import VERSION
from client.strings import Words
from shared.domain.refusals import RefusedError

__all__ = ["report", "said", "support_code"]

PLACES_MAX = 12


def said(error: Exception, words: Words) -> str:
    """Return the message for *error*."""
    if isinstance(error, RefusedError):
        return f"{words.problem(error.slug, error.facts)} {words.remedy(error.slug)}"
    return words("error.unexpected", code=support_code(error))


def support_code(error: BaseException) -> str:
    """Return a short code of the kind and place of *error*, the same on every phone."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""
    digest = hashlib.sha256(f"{type(error).__name__} {place}".encode()).hexdigest()
    return digest[:6].upper()


def report(error: BaseException, at: dt.datetime | None = None) -> str:
    """Return what support needs to find *error*: kinds, places in the code, versions, the hour.

    No message of an exception and no value is in it: both may hold what somebody typed. Nor is
    the person or the phone.
    """
    lines = [
        f"Liandong {VERSION} {support_code(error)}",
        f"{sys.platform} Python {platform.python_version()}",
        *([f"{at:%Y-%m-%d %H:%M %Z}"] if at else []),
    ]
    for one in _with_causes(error):
        lines.append(type(one).__name__)
        places = traceback.extract_tb(one.__traceback__)[-PLACES_MAX:]
        lines += [
            f"  {PurePath(place.filename).name}:{place.lineno} {place.name}" for place in places
        ]
    return "\n".join(lines)


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    known: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in known:
        known.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
