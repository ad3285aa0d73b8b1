from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from shared.domain import refusals
from shared.domain.refusals import RefusedError
from shared.wire.problems import PROBLEMS

ROOT = Path(__file__).resolve().parents[3]


def refused_slugs() -> set[str]:
    """Return every slug that some rule names, read from the source."""
    slugs = set()
    for path in sorted((ROOT / "shared" / "domain").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "RefusedError"
            ):
                slug = node.args[0]
                if isinstance(slug, ast.Constant) and isinstance(slug.value, str):
                    slugs.add(slug.value)
                elif isinstance(slug, ast.Name):
                    slugs.add(getattr(refusals, slug.id))
    return slugs


def test_every_refusal_is_in_the_catalogue() -> None:
    assert refused_slugs() - set(PROBLEMS) == set()


def test_every_refusal_is_explained_in_both_languages() -> None:
    text = (ROOT / "docs" / "refusals.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    explained = {row[0].strip("`"): row for row in rows if row and row[0].startswith("`")}
    assert refused_slugs() - set(explained) == set()
    for slug, (_, facts, *words) in explained.items():
        assert len(words) == 4, slug
        assert all(words), slug
        named = set(re.findall(r"{(\w+)}", " ".join(words)))
        assert named <= set(re.findall(r"`(\w+)`", facts)), slug


def test_a_refusal_holds_its_slug_and_facts() -> None:
    with pytest.raises(RefusedError) as caught:
        raise RefusedError("voucher-used", field="voucher_number")
    assert caught.value.slug == "voucher-used"
    assert caught.value.facts == {"field": "voucher_number"}
