"""Every text is there in each language, and no view has texts of its own."""

from __future__ import annotations

import ast
import pkgutil
import re
import string
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import pytest

import shared.domain
from client import status
from client.status import CLIENT_SLUGS, OutboxState
from client.strings import CATALOGUES, Language, Words, key_of
from shared.wire.mutations import MUTATIONS
from shared.wire.problems import PROBLEMS

ROOT = Path(__file__).parents[3]
SCREENS = sorted(
    path
    for folder in ("views", "components", "actions")
    for path in (ROOT / "client" / folder).rglob("*.py")
) + sorted(
    path
    for path in (ROOT / "client").glob("*.py")
    if path.name != "pinyin_initials.py"  # Characters as keys of a table: no text for a person.
)
CHINESE = re.compile(r"[\u3400-\u9fff\uff00-\uffef\u3000-\u303f]")
# A text that is put together of a fixed part and a value: `words(f"mutation.{op.name}")`.
OPEN_KEY = re.compile(r"\{[^}]*\}")
SHOWN_ENUMS = (
    "AmountBand",
    "AwardKind",
    "CallResult",
    "CareReason",
    "CareStatus",
    "ClockGrade",
    "Confidence",
    "CustomerKind",
    "FollowUpHow",
    "HarvestAction",
    "HarvestStatus",
    "Interest",
    "LeadSource",
    "Need",
    "NoticeKind",
    "PointsStatus",
    "ReferralMode",
    "ReferralStatus",
    "Role",
    "ShareRole",
    "VisitStatus",
)


def enumerations() -> dict[str, type[StrEnum]]:
    modules = [
        import_module(f"shared.domain.{module.name}")
        for module in pkgutil.iter_modules(shared.domain.__path__)
    ]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, StrEnum)
    }


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def keys_used(path: Path) -> Iterator[str]:
    """Yield the keys that a module asks for, parts that vary as {…}."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id != "words" or not node.args:
            continue
        stack: list[ast.expr] = [node.args[0]]
        while stack:
            key = stack.pop()
            if isinstance(key, ast.IfExp):
                stack += [key.body, key.orelse]
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value
            elif isinstance(key, ast.JoinedStr):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in key.values
                )


def test_languages_have_the_same_texts() -> None:
    chinese, english = (CATALOGUES[language] for language in Language)
    assert sorted(chinese) == sorted(english)


def test_texts_ask_for_the_same_facts_in_each_language() -> None:
    chinese, english = (CATALOGUES[language] for language in Language)
    assert [key for key in chinese if fields_of(chinese[key]) != fields_of(english[key])] == []


def test_no_text_is_empty() -> None:
    for catalogue in CATALOGUES.values():
        assert [key for key, text in catalogue.items() if not text.strip()] == []


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("slug", sorted({*PROBLEMS, *CLIENT_SLUGS}))
def test_problem_says_what_happened_and_what_to_do(slug: str, language: Language) -> None:
    assert f"problem.{slug}" in CATALOGUES[language]
    assert f"remedy.{slug}" in CATALOGUES[language]


def test_problem_of_a_newer_server_is_named_by_its_slug() -> None:
    words = Words(Language.CHINESE)
    assert "brand-new" in words.problem("brand-new")
    assert words.remedy("brand-new")


def test_problem_without_its_number_leaves_no_hole() -> None:
    """A code that nobody was given has no tries to count."""
    words = Words(Language.CHINESE)
    slug = "enrolment-code-wrong"
    assert words.problem(slug) == "登记码不对。"
    assert words.problem(slug, {"tries_left": 4}) == "登记码不对，还可以试 4 次。"


def test_problem_puts_the_rules_words_into_the_persons() -> None:
    words = Words(Language.CHINESE)
    said = words.problem(
        "illegal-transition", {"object": "referral", "status": "accepted", "action": "withdraw"}
    )
    assert said == "现在的状态是“已受理”，不能再撤回。"
    assert words.problem("invalid-argument", {"field": "phone"}) == "有一项填写不对：电话。"


@pytest.mark.parametrize("name", SHOWN_ENUMS)
def test_enumeration_has_a_name_for_each_member(name: str) -> None:
    kind = enumerations()[name]
    for catalogue in CATALOGUES.values():
        assert [member for member in kind if key_of(member) not in catalogue] == []


def test_outbox_states_and_mutations_have_names() -> None:
    for catalogue in CATALOGUES.values():
        assert [state for state in OutboxState if key_of(state) not in catalogue] == []
        assert [name for name in MUTATIONS if f"mutation.{name}" not in catalogue] == []


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_asks_only_for_texts_that_exist(path: Path) -> None:
    texts = CATALOGUES[Language.CHINESE]
    unknown = []
    for key in keys_used(path):
        pattern = re.compile(re.escape(key).replace(r"\{\}", r"[^.]+(\.[^.]+)*"))
        if not any(pattern.fullmatch(known) for known in texts):
            unknown.append(key)
    assert unknown == []


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_has_no_chinese_text_of_its_own(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
        and CHINESE.search(node.value)
    ]
    assert found == []


def test_status_module_names_every_slug_once() -> None:
    assert len(set(status.CLIENT_SLUGS)) == len(status.CLIENT_SLUGS)


def test_sentences_of_the_rules_are_those_of_the_guide() -> None:
    """docs/refusals.md is what the branches read; the phone must say the same."""
    guide = (ROOT / "docs" / "refusals.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in guide.splitlines()
        if line.startswith("| `")
    ]
    assert len(rows) > 20
    chinese, english = (CATALOGUES[language] for language in Language)
    differing = [
        slug
        for code, _, said, remedy, said_en, remedy_en in rows
        for slug in [code.strip("`")]
        if [text.rstrip("。.") for text in (said, remedy, said_en, remedy_en)]
        != [
            catalogue[f"{part}.{slug}"].rstrip("。.")
            for catalogue in (chinese, english)
            for part in ("problem", "remedy")
        ]
    ]
    assert differing == []
