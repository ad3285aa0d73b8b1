"""The pages on the workbook name every sheet, every column, and which are required."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.importing.layout import LAYOUTS
from server.importing.vocabulary import NEED_NAMES, ROLE_NAMES

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", ["organisation-workbook.md", "organisation-workbook.zh-CN.md"])
def test_page_names_every_column_and_marks_the_required_ones(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")
    for layout in LAYOUTS:
        section = text.split(f"### {layout.zh} {layout.en}\n")[1].split("\n### ")[0]
        for column in layout.columns().values():
            zh, en = column.metadata["zh"], column.metadata["en"]
            shown = f"**{zh}**" if column.required else zh
            assert f"| {shown} | {en} |" in section, (layout.zh, zh)


@pytest.mark.parametrize("name", ["organisation-workbook.md", "organisation-workbook.zh-CN.md"])
def test_page_names_every_post_and_need(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")
    for word in (*ROLE_NAMES.values(), *NEED_NAMES.values()):
        assert word in text, word
