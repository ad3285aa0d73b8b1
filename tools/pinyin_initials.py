"""Writes client/pinyin_initials.py: with which letters each Chinese character may begin.

``python -m tools.pinyin_initials`` after pypinyin, whose readings they are, was upgraded.
"""

from __future__ import annotations

from pathlib import Path

from pypinyin import Style, pinyin
from pypinyin.contrib.tone_convert import to_normal

__all__ = ["MODULE", "initials_module"]

MODULE = Path(__file__).resolve().parent.parent / "client" / "pinyin_initials.py"
FIRST, LAST = 0x4E00, 0x9FFF  # CJK Unified Ideographs: all of GBK's, and nearly all names.
WIDTH = 80
UNREAD = "-"

HEADER = '''"""With which Latin letters the pinyin of a Chinese character may begin.

Written by tools/pinyin_initials.py from the readings of pypinyin; don't edit.
"""

__all__ = ["FIRST", "LETTERS", "OTHERS"]

FIRST = 0x4E00
"""The character whose letter comes first in `LETTERS`; the others follow by code point."""

'''


def letters_of(character: str) -> list[str]:
    """Return the first letters of a character's readings, the commonest reading first."""
    (readings,) = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore") or [[]]
    found = [to_normal(reading)[:1] for reading in readings]
    return list(dict.fromkeys(letter for letter in found if "a" <= letter <= "z"))


def initials_module() -> str:
    """Return the text of the module."""
    known = {chr(code): letters_of(chr(code)) for code in range(FIRST, LAST + 1)}
    letters = "".join((found or [UNREAD])[0] for found in known.values())
    others = {character: "".join(found[1:]) for character, found in known.items() if len(found) > 1}
    pairs = "".join(f"{character}{more} " for character, more in others.items()).strip()
    return (
        HEADER
        + _constant("LETTERS", letters)
        + f'"""One letter a character, {UNREAD} where no reading is known."""\n\n'
        + _constant("OTHERS", pairs)
        + '"""Characters with readings that begin otherwise too: each with those letters."""\n'
    )


def _constant(name: str, text: str) -> str:
    width = WIDTH if text.isascii() else WIDTH // 2  # A Chinese character is two columns wide.
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return f"{name} = (\n" + "".join(f'    "{line}"\n' for line in lines) + ")\n"


if __name__ == "__main__":
    MODULE.write_text(initials_module(), encoding="utf-8")
