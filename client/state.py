"""What the screens watch: small observables, one for each purpose, and the app that holds them.

A screen watches only what it shows, so that a tap redraws little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as with_default
from enum import StrEnum
from typing import Protocol, TypeVar, cast

import flet as ft

from client.design import GAP_L, PAGE_WIDTH_LEAST, PAGE_WIDTH_MAX, PHONE_WIDTH_MAX
from client.ports import Drafts, Field, FirstPad, NoFirstPad
from client.status import FieldState, InstallationStatus, Phase, SyncStatus
from client.strings import Language, Words
from shared.domain.people import Role
from shared.domain.rows import Rows

__all__ = [
    "App",
    "AppContext",
    "Drafts",
    "Field",
    "Gate",
    "InstallationView",
    "Lighting",
    "Look",
    "Navigation",
    "SyncView",
    "World",
    "use_app",
    "use_made",
    "use_words",
    "use_world",
]

QUARTER_S = 900

MadeT = TypeVar("MadeT")

NEVER = SyncStatus(
    phase=Phase.IDLE, waiting=0, waiting_since=None, last_contact_at=None, needs_me=0
)

UNKNOWN = InstallationStatus()


@dataclass(eq=False)
class Gate(ft.Observable):
    """How far the person may see in: enrolled, PIN chosen, open."""

    state: FieldState = FieldState.STARTING


@dataclass(eq=False)
class SyncView(ft.Observable):
    """The state of the sync, as last told."""

    status: SyncStatus = NEVER


@dataclass(eq=False)
class InstallationView(ft.Observable):
    """How the app sits on this device, as last told."""

    status: InstallationStatus = UNKNOWN


@dataclass(eq=False)
class World(ft.Observable):
    """Another with each change of the records, and as time goes by.

    Attributes:
        version: The field's.
        quarter: Which quarter of an hour it is: what was due is overdue, and today is another day,
            although nobody has recorded anything.
    """

    version: int = 0
    quarter: int = 0


class Lighting(StrEnum):
    """What the screen is read in; each has a palette of its own."""

    DAY = "day"
    SUN = "sun"
    NIGHT = "night"


@dataclass(eq=False)
class Look(ft.Observable):
    """Language, width, type size, lighting, motion.

    Attributes:
        wide: Whether there is room for a rail at the side, and for two panes.
        page_width: How wide one column of content is, in logical pixels: for what is drawn.
        still: Whether nothing may move that doesn't have to.
    """

    language: Language = Language.CHINESE
    wide: bool = False
    page_width: int = PAGE_WIDTH_LEAST - 2 * GAP_L
    large_type: bool = False
    lighting: Lighting = Lighting.DAY
    still: bool = False

    def measure(self, width: float | None) -> None:
        """Note how wide the window is now, in logical pixels."""
        self.wide = width is not None and width > PHONE_WIDTH_MAX
        room = int(width) if width is not None else PAGE_WIDTH_LEAST
        self.page_width = min(max(room, PAGE_WIDTH_LEAST), PAGE_WIDTH_MAX) - 2 * GAP_L


@dataclass(eq=False)
class Navigation(ft.Observable):
    """Where the person is: a tab, and what was opened from it, one over the other."""

    stack: tuple[str, ...] = ("/",)
    role: Role | None = None

    @property
    def location(self) -> str:
        """The location that is on top."""
        return self.stack[-1]

    def switch(self, location: str) -> None:
        """Go to a tab; what was open over another one closes."""
        self.stack = (location,)

    def open(self, location: str) -> None:
        """Open *location* over what is shown; what is open already comes to the top again."""
        if location in self.stack:
            self.stack = self.stack[: self.stack.index(location) + 1]
        else:
            self.stack = (*self.stack, location)

    def back(self) -> None:
        """Close what is on top."""
        if len(self.stack) > 1:
            self.stack = self.stack[:-1]


@dataclass(eq=False, kw_only=True)
class App:
    """Everything that a screen can reach.

    Attributes:
        field: The records and the sync.
        tell: Shows a message for a while: text, tone, and what undoes it, if anything does.
        enrolment_code: From the link that opened the app, if it held one.
        first_pad: Takes a PIN until the screen that asks for it stands.
    """

    field: Field
    tell: Tell
    enrolment_code: str = ""
    first_pad: FirstPad = with_default(default_factory=NoFirstPad)
    gate: Gate = with_default(default_factory=Gate)
    sync: SyncView = with_default(default_factory=SyncView)
    installation: InstallationView = with_default(default_factory=InstallationView)
    world: World = with_default(default_factory=World)
    look: Look = with_default(default_factory=Look)
    navigation: Navigation = with_default(default_factory=Navigation)
    listeners: list[Callable[..., None]] = with_default(default_factory=list)

    @property
    def words(self) -> Words:
        """The texts in the language chosen; in a component: `use_words`."""
        return Words(self.look.language)

    def keep(
        self, listener: Callable[..., None], subscribe: Callable[..., Callable[[], None]]
    ) -> None:
        """Subscribe *listener* for as long as the app lives: observables refer to it weakly."""
        self.listeners.append(listener)
        subscribe(listener)

    def refresh(self) -> None:
        """Take over what the field says now."""
        self.gate.state = self.field.state
        self.sync.status = self.field.status
        self.installation.status = self.field.installation.status
        self.world.version = self.field.version
        self.world.quarter = int(self.field.now().timestamp()) // QUARTER_S


class Tell(Protocol):
    """Shows a message for a while; it is read aloud by screen readers."""

    def __call__(
        self,
        text: str,
        *,
        tone: str = "plain",
        action: str | None = None,
        on_action: Callable[[], object] | None = None,
    ) -> None:
        """Say *text*; *action* names what `on_action` does (undo, open)."""
        ...


AppContext = ft.create_context(cast("App | None", None))
"""Holds the `App`; the root component provides it."""


def use_app() -> App:
    """Return the app; a hook: call it on every render of a component, at its top."""
    app = ft.use_context(AppContext)
    assert app is not None, "a screen is drawn inside the root component"
    return app


def use_made(make: Callable[[], MadeT]) -> tuple[MadeT, Callable[[MadeT], None]]:
    """Return what *make* made at the first drawing, and what puts another in its place; a hook.

    `ft.use_state` for values that cost something to make; its own types know only the others.
    """
    state = cast("Callable[..., tuple[MadeT, Callable[[MadeT], None]]]", ft.use_state)
    return state(make)


def use_words() -> Words:
    """Return the texts, and draw the component anew when the language changes; a hook."""
    app = use_app()
    look, _ = ft.use_state(app.look)
    return Words(look.language)


def use_world() -> Rows:
    """Return the records, and draw the component anew when they change; a hook.

    What the sync is doing just now is `App.sync`'s business and redraws no screen.
    """
    app = use_app()
    ft.use_state(app.world)
    return app.field.world
