"""Finding a person as people look for one: by name, by pinyin initials, by the last digits."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from client.pinyin_initials import FIRST, LETTERS, OTHERS

__all__ = ["finds"]

_MORE = {entry[0]: entry[1:] for entry in OTHERS.split()}
_NAMES_KEPT = 20_000  # More than one phone holds.


def finds(typed: str, texts: Iterable[str], numbers: Iterable[str] = ()) -> bool:
    """Tell whether what was typed is part of a text, its pinyin initials, or ends a number.

    "阿婆", "wap" and "ap" find 王阿婆; "5678" finds 13812345678 and a receipt 25678. Each blank
    separates what must be found as well. Nothing typed finds everything.
    """
    texts, numbers = tuple(texts), tuple(numbers)
    return all(_finds(part, texts, numbers) for part in typed.casefold().split())


def _finds(part: str, texts: tuple[str, ...], numbers: tuple[str, ...]) -> bool:
    if any(part in _folded(text) for text in texts):
        return True
    if part.isascii() and part.isdigit():
        return any(number.endswith(part) for number in numbers)
    return part.isascii() and part.isalpha() and any(_begins(part, text) for text in texts)


def _begins(letters: str, text: str) -> bool:
    """Tell whether characters in a row of *text* may begin with *letters*."""
    initials = _initials(text)
    if isinstance(initials, str):
        return letters in initials
    return any(
        all(letter in initials[at + n] for n, letter in enumerate(letters))
        for at in range(len(initials) - len(letters) + 1)
    )


@lru_cache(_NAMES_KEPT)
def _folded(text: str) -> str:
    return text.casefold()


@lru_cache(_NAMES_KEPT)
def _initials(text: str) -> str | tuple[str, ...]:
    """Return for each character the letters with which it may be read.

    Where each has one reading, as in most names, that is one text, and far faster to look into.
    """
    initials = tuple(_letters(character) for character in text.casefold())
    return "".join(initials) if all(len(one) == 1 for one in initials) else initials


def _letters(character: str) -> str:
    at = ord(character) - FIRST
    if 0 <= at < len(LETTERS):
        return LETTERS[at] + _MORE.get(character, "")
    return character
