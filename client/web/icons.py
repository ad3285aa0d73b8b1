"""The icon font, cut to the icons that can be shown: 40 KB in place of 1.3 MB at each start.

The app names icons (`ft.Icons.ADD`); Flet sends their place in its list, and its compiled client
turns that into a character of the font. Flutter's own controls have a few icons more, which are
found in the compiled client as well.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

__all__ = ["icon_characters", "icon_font", "named_icons"]

NAMED = re.compile(r"\bIcons\.([A-Z][A-Z0-9_]*)\b")
CONSTANT = re.compile(rb'\b(B\.\w+)=new A\.\w+\((\d+),"MaterialIcons",')
LIST = re.compile(rb"A\.d\(\[((?:B\.\w+,){5000,}B\.\w+)\]")
REFERENCE = re.compile(rb"B\.\w+")
# Of an icon's number in icons.json; the rest is its place in the list.
SET_SIZE = 1 << 16


def named_icons(sources: Iterable[str]) -> set[str]:
    """Return the names of all icons that *sources* (Python code) or Flet's own controls name."""
    package = Path(str(metadata.distribution("flet").locate_file("flet")))
    flets = (path for path in package.rglob("*.py") if path.name != "icons.py")
    names: set[str] = set()
    for code in (*sources, *(path.read_text("utf-8") for path in flets)):
        names.update(NAMED.findall(code))
    return names & _numbers().keys()


def _numbers() -> dict[str, int]:
    listed = metadata.distribution("flet").locate_file("flet/controls/material/icons.json")
    numbers: dict[str, int] = json.loads(Path(str(listed)).read_text("utf-8"))
    return numbers


def icon_characters(compiled_client: bytes, names: Iterable[str]) -> set[int]:
    """Return the characters of the icons called *names*, and of those that Flutter itself shows.

    Raises:
        RuntimeError: The compiled client has another form than the one that was read.
    """
    numbers = _numbers()
    characters = {name: int(code) for name, code in CONSTANT.findall(compiled_client)}
    lists = [found.group(1).split(b",") for found in LIST.finditer(compiled_client)]
    icons = next((found for found in lists if len(found) == len(numbers)), None)
    if icons is None:
        raise RuntimeError("main.dart.js no longer has one list of all icons")
    wanted = {icons[numbers[name] % SET_SIZE] for name in names}
    # Each constant stands where it is made, perhaps in the list, and wherever else it is used.
    listed = Counter(icons)
    references = Counter(REFERENCE.findall(compiled_client))
    wanted.update(name for name in characters if references[name] - listed[name] > 1)
    unknown = wanted - characters.keys()
    if unknown:
        raise RuntimeError(f"main.dart.js makes {unknown} in another way")
    return {characters[name] for name in wanted}


def icon_font(font: bytes, characters: Iterable[int]) -> bytes:
    """Return *font* with *characters* alone."""
    # Imported here: a build with nothing to do must not wait for it.
    from fontTools import subset  # noqa: PLC0415

    options = subset.Options()
    options.hinting = False
    written = io.BytesIO()
    with subset.load_font(io.BytesIO(font), options) as whole:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=characters)
        subsetter.subset(whole)
        whole.save(written, reorderTables=False)
    return written.getvalue()
