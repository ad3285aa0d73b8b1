"""Which screens there are, for whom, and at which location."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from client.views.about_app import AboutAppScreen
from client.views.branch_head import WORKPLACE as BRANCH_HEAD
from client.views.enrol import EnrolScreen
from client.views.hand_over import HandOverScreen
from client.views.office import WORKPLACE as OFFICE
from client.views.outlet import WORKPLACE as OUTLET
from client.views.pin import ChangePinScreen
from client.views.postman import WORKPLACE as POSTMAN
from client.views.settings import SettingsScreen
from client.views.sync import SyncScreen
from client.views.wealth_manager import WORKPLACE as WEALTH_MANAGER
from client.views.workplace import Screen, Tab, Workplace
from shared.domain.people import Role

__all__ = ["COMMON", "WORKPLACES", "Place", "resolve", "workplaces_of"]

WORKPLACES: tuple[Workplace, ...] = (POSTMAN, OUTLET, WEALTH_MANAGER, BRANCH_HEAD, OFFICE)
"""In the order in which somebody of several roles is offered them."""

COMMON: tuple[Screen, ...] = (
    Screen("/sync", "sync.title", SyncScreen),
    Screen("/hand-over", "handover.title", HandOverScreen),
    Screen("/enrol", "enrol.title", EnrolScreen),
    Screen("/settings", "settings.title", SettingsScreen),
    Screen("/settings/pin", "settings.pin", ChangePinScreen),
    Screen("/about", "about.title", AboutAppScreen),
)
"""Screens that everybody has."""


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at a location."""

    title: str
    build: Callable[..., Any]
    parameters: dict[str, str] = field(default_factory=dict)
    tab: Tab | None = None


def workplaces_of(roles: Collection[Role]) -> list[Workplace]:
    """Return the workplaces of somebody who holds *roles*; nobody is left without one."""
    mine = [workplace for workplace in WORKPLACES if workplace.post_of(roles)]
    return mine or [POSTMAN]


def resolve(where: str, workplaces: Sequence[Workplace]) -> Place | None:
    """Return what stands at *where* for somebody of these workplaces."""
    parts = urlsplit(where)
    query = dict(parse_qsl(parts.query))
    for workplace in workplaces:
        for tab in workplace.tabs:
            if tab.path == parts.path:
                return Place(tab.title, tab.build, tab=tab)
    for entry in (*COMMON, *(one for workplace in workplaces for one in workplace.screens)):
        found = _pattern(entry.path).fullmatch(parts.path)
        if found:
            return Place(entry.title, entry.build, query | found.groupdict())
    return None


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
