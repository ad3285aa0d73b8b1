"""What a role's screens are made of: tabs, and screens that open over them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import flet as ft

from client.components.screen import screen
from client.state import App
from shared.domain.people import Role

__all__ = ["Screen", "Tab", "Workplace", "screen"]


@dataclass(frozen=True, slots=True)
class Tab:
    """A place that is always one tap away; `title` is the key of its text."""

    path: str
    title: str
    icon: ft.IconData
    icon_chosen: ft.IconData
    build: Callable[[], Any]
    count: Callable[[App], int] | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """A place that opens over another one.

    A part of `path` in braces is a parameter of `build`, as is each value of the query.
    """

    path: str
    title: str
    build: Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """All that one role works with; those of *also* work in the same way."""

    role: Role
    tabs: tuple[Tab, ...]
    screens: tuple[Screen, ...] = ()
    also: tuple[Role, ...] = ()

    def post_of(self, roles: Collection[Role]) -> Role | None:
        """Return as what somebody who holds *roles* works here, None if not at all."""
        return next((role for role in (self.role, *self.also) if role in roles), None)
