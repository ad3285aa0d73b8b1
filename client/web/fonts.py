"""The Chinese fonts of the web app: subsets of Noto Sans CJK SC, and of HanaMinB for what it lacks.

Flutter draws its own text and has no Chinese font in the browser. Why these, which characters,
and why in so many files: ADR-0010 for what everybody needs, ADR-0021 for rare names.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from client.rare_characters import BEYOND_BASIC, EXTENSION_A, slice_of

__all__ = [
    "FONT_PACKAGE",
    "first_characters",
    "font_licence",
    "later_characters",
    "ming_font",
    "rare_characters",
    "sans_font",
    "slice_characters",
]

FONT_PACKAGE = "noto-cjk-sans-otc"
FONT_FILE = "noto_cjk_sans_otc/NotoSansCJK-Regular.ttc"
# The collection's faces: Japanese, Korean, simplified, traditional, Hong Kong.
SIMPLIFIED_FACE = 2
LICENCE_FILE = "licenses/LICENSE"

STANDARD_BEYOND_GBK = Path(__file__).with_name("standard_characters_beyond_gbk.txt")

# What Unicode added to the unified ideographs after GBK, as far as GB18030-2022 goes.
LATE_UNIFIED = range(0x9FA6, 0x9FF0)

# Rows 16 to 55 of GB2312.
FIRST_LEVEL = range(0xB0, 0xD8)

# Signs that the screens may show and GBK lacks: punctuation, currency, arrows, ticks, circles.
SYMBOL_BLOCKS = (
    range(0x0020, 0x007F),
    range(0x00A0, 0x0100),
    range(0x2000, 0x2070),
    range(0x20A0, 0x20D0),
    range(0x2100, 0x2200),
    range(0x2200, 0x2300),
    range(0x2460, 0x2500),
    range(0x25A0, 0x2700),
    range(0x2700, 0x27C0),
)

# Tables for vertical setting and ligatures: a fifth of the file, and no screen uses them.
DROPPED_TABLES = ("BASE", "DSIG", "FFTM", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx")

# Copyright, family, style, full and PostScript name, licence and its address.
KEPT_NAMES = (0, 1, 2, 4, 6, 13, 14)


def first_characters(written: str) -> set[int]:
    """Return the code points of the font that the first screens need: those of *written* too.

    GB2312's first level is the 3,755 characters that make up 99.7 % of what people write.
    """
    wanted = {ord(character) for character in written if character.isprintable()}
    wanted.update(_characters("gb2312", FIRST_LEVEL))
    for block in SYMBOL_BLOCKS:
        wanted.update(block)
    return wanted


def later_characters() -> set[int]:
    """Return the code points of the font that may come later: what names need beyond those.

    All of GBK, 21,791 characters, and the 276 of the 通用规范汉字表 (8,105 characters, which every
    name registered since 2013 is made of) that GBK lacks.
    """
    wanted = set(_characters("gbk", range(0x81, 0xFF)))
    wanted.update(map(ord, STANDARD_BEYOND_GBK.read_text("utf-8").replace("\n", "")))
    return wanted - first_characters("")


def _characters(encoding: str, first_bytes: range) -> Iterator[int]:
    for first in first_bytes:
        for second in range(0x40, 0xFF):
            try:
                yield ord(bytes((first, second)).decode(encoding))
            except UnicodeDecodeError:
                continue


def rare_characters() -> set[int]:
    """Return the code points of the sans font that only a rare name needs.

    All of extension A, the last unified ideographs, and the 2,300 of the planes beyond that the
    source has; `slice_characters` has the rest of them.
    """
    wanted = set(EXTENSION_A) | set(LATE_UNIFIED) | _sans_beyond_basic()
    return wanted - later_characters()


def slice_characters() -> dict[int, set[int]]:
    """Return what only HanaMinB has of GB18030-2022, by the number of its slice."""
    slices: dict[int, set[int]] = {}
    for ideographs in BEYOND_BASIC:
        for code_point in ideographs:
            slices.setdefault(slice_of(code_point), set()).add(code_point)
    known = _sans_beyond_basic()
    return {number: wanted - known for number, wanted in slices.items()}


@cache
def _sans_beyond_basic() -> frozenset[int]:
    from fontTools.ttLib import TTCollection  # noqa: PLC0415 - as below.

    with TTCollection(_sans_file(), lazy=True) as collection:
        known = collection.fonts[SIMPLIFIED_FACE].getBestCmap()
    return frozenset(code for extension in BEYOND_BASIC for code in extension if code in known)


def sans_font(characters: Iterable[int]) -> bytes:
    """Return the sans font of *characters*, as far as the source has them; takes ten seconds."""
    return _subset(_sans_file(), characters, face=SIMPLIFIED_FACE)


def ming_font(source: Path, characters: Iterable[int]) -> bytes:
    """Return a font of *characters* out of HanaMinB, which stands at *source*."""
    return _subset(str(source), characters)


def _sans_file() -> str:
    return str(metadata.distribution(FONT_PACKAGE).locate_file(FONT_FILE))


def _subset(source: str, characters: Iterable[int], *, face: int = -1) -> bytes:
    # Imported here: a build with nothing to do must not wait for it.
    from fontTools import subset  # noqa: PLC0415

    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.drop_tables += list(DROPPED_TABLES)
    options.name_IDs = list(KEPT_NAMES)
    options.font_number = face
    written = io.BytesIO()
    with subset.load_font(source, options) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=characters)
        subsetter.subset(font)
        font.save(written, reorderTables=False)
    return written.getvalue()


def font_licence() -> str:
    """Return the Open Font License as its package carries it: it must go where the font goes.

    Raises:
        RuntimeError: The package has none.
    """
    text = metadata.distribution(FONT_PACKAGE).read_text(LICENCE_FILE)
    if not text:
        raise RuntimeError(f"{FONT_PACKAGE} comes without its licence")
    return text
