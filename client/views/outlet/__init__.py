"""The screens of those who refer at the outlet: counters, lobby, back office."""

from __future__ import annotations

import flet as ft

from client.state import App
from client.views.outlet.home import HomeTab
from client.views.points import PointsTab
from client.views.postman import WORKPLACE as POSTMAN
from client.views.postman.inbox import InboxTab, inbox_count
from client.views.records import RecordsTab
from client.views.workplace import Tab, Workplace
from shared.domain.people import Role

__all__ = ["WORKPLACE"]


def _needs_me(app: App) -> int:
    return inbox_count(app.field)


WORKPLACE = Workplace(
    role=Role.TELLER,
    also=(Role.COUNTER, Role.LOBBY_MANAGER, Role.LOBBY_SUPERVISOR, Role.BACK_OFFICE),
    tabs=(
        Tab(
            "/outlet/home",
            "outlet.title",
            ft.Icons.PERSON_ADD_ALT_1_OUTLINED,
            ft.Icons.PERSON_ADD_ALT_1,
            HomeTab,
        ),
        Tab(
            "/outlet/records",
            "records.title",
            ft.Icons.RECEIPT_LONG_OUTLINED,
            ft.Icons.RECEIPT_LONG,
            RecordsTab,
        ),
        Tab("/outlet/points", "points.title", ft.Icons.STARS_OUTLINED, ft.Icons.STARS, PointsTab),
        Tab(
            "/outlet/inbox",
            "inbox.title",
            ft.Icons.NOTIFICATIONS_OUTLINED,
            ft.Icons.NOTIFICATIONS,
            InboxTab,
            count=_needs_me,
        ),
    ),
    screens=POSTMAN.screens,
)
