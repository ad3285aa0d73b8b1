"""A form that can be killed at any moment: each change of a field is kept as a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import flet as ft

from client.state import Drafts, use_app, use_made
from shared.canonical import Json

__all__ = ["Form", "draft_name", "use_form"]

EnumT = TypeVar("EnumT", bound=StrEnum)


@dataclass(eq=False)
class Form(ft.Observable):
    """What is filled in, by field; values are JSON, as the draft keeps them.

    Attributes:
        restored: Whether it began with what an earlier, unfinished entry left.
    """

    name: str
    drafts: Drafts
    values: Mapping[str, Any]
    restored: bool = False

    def __getitem__(self, field: str) -> Any:
        """Return a field's value, None when it has none."""
        return self.values.get(field)

    def text(self, field: str) -> str:
        """Return a field's text, trimmed."""
        return str(self.values.get(field) or "").strip()

    def chosen(self, kind: type[EnumT], field: str) -> EnumT | None:
        """Return a field's value as a member of *kind*."""
        value = self.values.get(field)
        return kind(value) if value in {member.value for member in kind} else None

    def put(self, **changes: Json) -> None:
        """Change fields, and keep the draft at once."""
        self.values = {**self.values, **changes}
        self.drafts.keep(self.name, self.values)

    def type(self, **changes: Json) -> None:
        """Change fields that show themselves what is typed: the draft is kept, nothing redrawn.

        A whole form drawn anew at each key would lag behind the thumb on a cheap phone.
        """
        object.__setattr__(self, "values", {**self.values, **changes})
        self.drafts.keep(self.name, self.values)

    async def discard(self) -> None:
        """Forget the draft: it was recorded, or the person threw it away."""
        await self.drafts.discard(self.name)


def draft_name(kind: str, about: str | None) -> str:
    """Return the name of the draft of a *kind* of form about one village or object."""
    return f"{kind}:{about}" if about else kind


def use_form(name: str, fresh: Callable[[], Mapping[str, Json]]) -> tuple[Form, Callable[[], Any]]:
    """Return the form of that name as the draft left it, or *fresh*, and what empties it; a hook.

    *fresh* must hold the `id` of the record to be: a draft whose record was saved just before a
    kill is known by it.
    """
    app = use_app()

    def begin() -> Form:
        draft = app.field.drafts.get(name)
        values = {**fresh(), **(draft.values if draft else {})}
        return Form(name=name, drafts=app.field.drafts, values=values, restored=draft is not None)

    form, set_form = use_made(begin)

    async def start_over() -> None:
        await form.discard()
        set_form(begin())

    return form, start_over
