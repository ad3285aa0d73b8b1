"""Every word that a user reads, in Chinese and in English, by key.

A key is `<screen>.<what>`; the members of the domain's enumerations are `<class>.<value>`
(`need.deposit`), problems `problem.<slug>` and, what to do about them, `remedy.<slug>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from string import Formatter

from client.strings import (
    en,
    en_app,
    en_desk,
    en_files,
    en_hand_over,
    en_names,
    en_postman,
    en_problems,
    zh,
    zh_app,
    zh_desk,
    zh_files,
    zh_hand_over,
    zh_names,
    zh_postman,
    zh_problems,
)

__all__ = ["CATALOGUES", "Language", "Words", "key_of"]


class Language(StrEnum):
    """The languages that the app speaks."""

    CHINESE = "zh"
    ENGLISH = "en"


CATALOGUES: Mapping[Language, Mapping[str, str]] = {
    Language.CHINESE: zh.STRINGS
    | zh_app.STRINGS
    | zh_postman.STRINGS
    | zh_files.STRINGS
    | zh_hand_over.STRINGS
    | zh_names.STRINGS
    | zh_problems.STRINGS
    | zh_desk.STRINGS,
    Language.ENGLISH: en.STRINGS
    | en_app.STRINGS
    | en_postman.STRINGS
    | en_files.STRINGS
    | en_hand_over.STRINGS
    | en_names.STRINGS
    | en_problems.STRINGS
    | en_desk.STRINGS,
}

# What the enumerations of an object's states are named after, where that is not the object.
_STATE_OF = {"harvest_date": "harvest", "care_card": "care", "points_entry": "points"}
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def key_of(member: StrEnum) -> str:
    """Return the key of an enumeration's member: `CareReason.NO_TIME` is care_reason.no_time."""
    return f"{_CAPITAL.sub('_', type(member).__name__).lower()}.{member.value}"


class Words:
    """The texts of one language."""

    def __init__(self, language: Language) -> None:
        """Speak *language*."""
        self.language = language
        self._texts = CATALOGUES[language]

    def __call__(self, key: str, /, **facts: object) -> str:
        """Return the text of *key* with *facts* filled in.

        Raises:
            KeyError: No such text; the tests look every key up.
        """
        return self._texts[key].format(**facts)

    def joined(self, *sentences: str) -> str:
        """Return sentences as one text; in Chinese nothing stands between them."""
        between = "" if self.language is Language.CHINESE else " "
        return between.join(one for one in sentences if one)

    def knows(self, key: str) -> bool:
        """Tell whether there is a text of *key*: slugs come from servers newer than the app."""
        return key in self._texts

    def name(self, member: StrEnum) -> str:
        """Return what people call a member of an enumeration."""
        return self._texts[key_of(member)]

    def problem(self, slug: str, facts: Mapping[str, object] | None = None) -> str:
        """Return the sentence for a problem; an unknown one is named by its slug.

        Without a fact that its sentence has a place for, it is said by `bare_problem.<slug>`.
        """
        text = self._texts.get(f"problem.{slug}")
        if text is None:
            return self("problem.unknown", slug=slug)
        known = self._said(facts or {})
        bare = self._texts.get(f"bare_problem.{slug}")
        if bare is not None and not _asked_for(text) <= known.keys():
            return bare
        return text.format_map(_Facts(known))

    def remedy(self, slug: str) -> str:
        """Return what to do about a problem."""
        return self._texts.get(f"remedy.{slug}", self._texts["remedy.unknown"])

    def _said(self, facts: Mapping[str, object]) -> dict[str, object]:
        """Return the facts of a problem with the rules' own words put into the person's."""
        thing = str(facts.get("object", ""))
        kinds = {
            "object": "object",
            "field": "field",
            "status": f"{_STATE_OF.get(thing, thing)}_status",
            "action": f"{_STATE_OF.get(thing, thing)}_action",
        }
        return {
            name: self._texts.get(f"{kinds[name]}.{fact}", fact) if name in kinds else fact
            for name, fact in facts.items()
        }


def _asked_for(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


class _Facts(dict[str, object]):
    """Facts of a problem; one that is missing reads as nothing instead of failing."""

    def __missing__(self, key: str) -> str:
        return ""
