"""Questions of a form: what is asked, the answer's control, and what is still missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TypeVar

import flet as ft

from client.components.buttons import quiet_button
from client.components.cards import banner
from client.components.chips import Option, choice_chips
from client.components.text import heading, note
from client.design import GAP_S, WARN
from client.strings import Words

__all__ = ["enum_question", "options_of", "question", "restored_banner"]

EnumT = TypeVar("EnumT", bound=StrEnum)


def question(
    asked: str, *answer: ft.Control | None, missing: str | None = None, hint: str = ""
) -> ft.Control:
    """Show what is asked over its answer; *missing* says that it must be answered."""
    head: list[ft.Control] = [ft.Semantics(header=True, content=heading(asked))]
    if hint:
        head.append(note(hint))
    parts: list[ft.Control] = [ft.Row(head, wrap=True, spacing=GAP_S)]
    if missing:
        parts.append(
            ft.Semantics(
                live_region=True,
                content=ft.Row(
                    [
                        ft.Icon(ft.Icons.ERROR_OUTLINE, size=18, color=WARN),
                        note(missing, color=WARN),
                    ],
                    spacing=6,
                ),
            )
        )
    parts.extend(control for control in answer if control is not None)
    return ft.Column(
        parts, spacing=GAP_S, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH
    )


def options_of(members: Iterable[EnumT], words: Words) -> list[Option[EnumT]]:
    """Return members of an enumeration as options, in their own order."""
    return [Option(member, words.name(member)) for member in members]


def enum_question(
    words: Words,
    asked: str,
    members: Sequence[EnumT],
    chosen: EnumT | None,
    on_choose: Callable[[EnumT], object],
    *,
    missing: str | None = None,
    hint: str = "",
) -> ft.Control:
    """Ask for one of *members*."""
    return question(
        asked,
        choice_chips(options_of(members, words), chosen, on_choose),
        missing=missing,
        hint=hint,
    )


def restored_banner(words: Words, on_start_over: Callable[[], object]) -> ft.Control:
    """Say that the form begins where it was left, and offer an empty one."""
    return banner(
        words("draft.restored"),
        tone="plain",
        icon=ft.Icons.RESTORE,
        actions=[quiet_button(words("draft.start_over"), on_start_over)],
    )
