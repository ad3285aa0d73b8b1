"""What assistive technology is told of every screen: each control by a name and a role.

The browser's own semantics tree is read in tests/browser/test_accessibility.py; here every screen
of every post is asked for, fast.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import flet as ft
import pytest
from flet.components.public_utils import unwrap_component

from client.components.guard import is_guarded
from client.views.registry import COMMON, WORKPLACES
from shared.domain.people import Role
from tests.client.views.every_screen import (
    AT_A_DESK,
    DOORS,
    EVERY_SCREEN,
    POSTS,
    field_of,
    open_at,
)
from tests.client.views.harness import DESK, PHONE, Screen

TOUCHED = ("on_click", "on_change", "on_select", "on_submit", "on_tap", "on_long_press")
# Flutter gives these a role by itself; what else is touched needs one from a Semantics around it.
WITH_ROLE = (
    ft.Button,
    ft.FilledButton,
    ft.OutlinedButton,
    ft.TextButton,
    ft.IconButton,
    ft.TextField,
    ft.Checkbox,
    ft.Switch,
    ft.Radio,
    ft.NavigationBar,
    ft.SnackBarAction,
)
# Where Flet's controls hold others; an icon may be a control of its own or a mere number.
HELD = ("controls", "content", "icon", "destinations", "actions", "leading", "title", "action")
HAN = re.compile(r"[㐀-鿿]")
# What is the same in Chinese: figures, the PIN's keys, and the language's own name.
PLAIN = re.compile(r"^[\d\s+\-./:%A-Z]*$|English")


@dataclass(frozen=True)
class Touchable:
    """A control that does something, with the semantics that stand around it."""

    control: Any
    around: tuple[ft.Semantics, ...]

    def name(self) -> str:
        """Return what a screen reader says; a tooltip is not told to it."""
        own = tuple(
            getattr(self.control, of, None) for of in ("label", "semantics_label", "content")
        )
        said = [text for text in own if isinstance(text, str)]
        said += [one.label for one in self.around if one.label]
        said += _said_inside(self.control)
        return " ".join(text.strip() for text in said if text and text.strip())

    def has_role(self) -> bool:
        """Tell whether it is told what the control is."""
        if isinstance(self.control, WITH_ROLE):
            return True
        return any(
            one.button or one.link or one.textfield or one.slider
            or one.checked is not None or one.toggled is not None
            for one in self.around
        )  # fmt: skip


def _said_inside(control: Any) -> list[str]:
    said: list[str] = []
    for one, around in _controls(control, ()):
        if any(each.exclude_semantics for each in around):
            continue
        if isinstance(one, ft.Text) and one.value:
            said.append(str(one.value))
        if isinstance(one, ft.Icon | ft.Image) and one.semantics_label:
            said.append(one.semantics_label)
        if isinstance(one, ft.Semantics) and one.label:
            said.append(one.label)
        if isinstance(one, ft.NavigationBarDestination) and isinstance(one.label, str):
            said.append(one.label)
    return said


def _controls(
    node: Any, around: tuple[ft.Semantics, ...]
) -> Iterator[tuple[Any, tuple[ft.Semantics, ...]]]:
    """Yield what is in *node*, in reading order, each with the semantics around it."""
    node = unwrap_component(node)
    if isinstance(node, list | tuple):
        for one in node:
            if one is not None:
                yield from _controls(one, around)
        return
    if not isinstance(node, ft.Control | ft.View) or getattr(node, "visible", True) is False:
        return
    yield node, around
    # A name stands for what is inside of it, not for the next control in a group of several.
    inner = (*around, node) if isinstance(node, ft.Semantics) else around
    if getattr(node, "on_click", None) is not None:
        inner = ()
    for name in HELD:
        held = getattr(node, name, None)
        if isinstance(held, ft.BaseControl | list):
            yield from _controls(held, inner)


def touchables(screen: Screen) -> list[Touchable]:
    views = unwrap_component(screen.page.views)
    roots = [views[-1], *unwrap_component(screen.page._dialogs).controls]
    return [
        # Groups are named too (`container`); their name is not that of what they hold.
        Touchable(control, tuple(one for one in around if not one.container))
        for root in roots
        for control, around in _controls(root, ())
        if isinstance(control, ft.TextField)
        or any(getattr(control, name, None) is not None for name in TOUCHED)
    ]


def faults_in(screen: Screen) -> list[str]:
    """Say of each control what is missing: a name, Chinese in it, a role, the guard."""
    found = [
        f"no guard: {type(control).__name__}.{entry.name}"
        for control in screen.top()
        if control is not screen.page
        for entry in dataclasses.fields(control)
        if entry.name.startswith("on_")
        and callable(handler := getattr(control, entry.name, None))
        and not is_guarded(handler)
        # Flet notes by itself that a message has gone.
        and not str(getattr(handler, "__module__", "")).startswith("flet.")
    ]
    for one in touchables(screen):
        name, kind = one.name(), type(one.control).__name__
        if not name:
            found.append(f"no name: {kind}")
        elif not HAN.search(name) and not PLAIN.search(name):
            found.append(f"not in Chinese: {kind} {name!r}")
        if not one.has_role():
            found.append(f"no role: {kind} {name!r}")
    return found


def test_list_of_screens_leaves_none_out() -> None:
    asked = {where.partition("?")[0] for _, where in EVERY_SCREEN}
    places = {one.path for one in COMMON}
    for workplace in WORKPLACES:
        assert workplace.role in POSTS
        places |= {one.path for one in workplace.tabs}
        places |= {one.path for one in workplace.screens}
    # The postman's first tab stands at the app's own address.
    missed = {
        place
        for place in places - {"/postman/today"}
        if not any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", place), one) for one in asked)
    }
    assert missed == set()


@pytest.mark.parametrize(
    ("role", "where", "size"),
    [
        *((role, where, PHONE) for role, where in EVERY_SCREEN),
        *((role, where, DESK) for role, where in EVERY_SCREEN if role in AT_A_DESK),
    ],
    ids=str,
)
def test_every_control_has_a_name_a_role_and_a_guard(
    role: Role, where: str, size: tuple[int, int]
) -> None:
    async def story() -> None:
        screen = await open_at(field_of(role), role, where, size=size)
        assert not screen.shows(screen.app.words("error.screen"))
        assert touchables(screen), "nothing to touch: the screen was not read"
        assert faults_in(screen) == []
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize("door", DOORS)
def test_every_control_before_the_unlock_has_them_too(door: str) -> None:
    async def story() -> None:
        make, route = DOORS[door]
        screen = await Screen().open(make(), route=route)
        assert touchables(screen) or door == "starting"
        assert faults_in(screen) == []
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (ft.IconButton(ft.Icon(ft.Icons.CALL), tooltip="打电话"), "no name: IconButton"),
        (ft.TextButton("Call", on_click=print), "not in Chinese: TextButton 'Call'"),
        (
            ft.Container(ft.Text("打电话"), on_click=print),
            "no role: Container '打电话'",
        ),
    ],
    ids=["unnamed", "foreign", "no-role"],
)
def test_fault_is_found(control: ft.Control, said: str) -> None:
    """The check sees what it is for: a name taken away is missed."""

    async def story() -> None:
        screen = await Screen().open(field_of(Role.POSTMAN), route="/about")
        if isinstance(control, ft.IconButton):
            control.on_click = print
        body = unwrap_component(screen.page.views)[-1].controls
        body.append(control)
        assert said in faults_in(screen)
        await screen.close()

    asyncio.run(story())
