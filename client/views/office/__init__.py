"""The county's office: what is told to it; its own work has no screens yet, and that is said."""

from __future__ import annotations

import flet as ft

from client.views.desk.inbox import DeskInboxTab, unseen
from client.views.office.home import HomeTab
from client.views.points import WhyScreen
from client.views.records import RecordScreen
from client.views.workplace import Screen, Tab, Workplace
from shared.domain.people import Role

__all__ = ["WORKPLACE"]

WORKPLACE = Workplace(
    role=Role.ADMINISTRATOR,
    also=(Role.PAYROLL,),
    tabs=(
        Tab("/office/home", "office.title", ft.Icons.HOME_OUTLINED, ft.Icons.HOME, HomeTab),
        Tab(
            "/office/news",
            "news.title",
            ft.Icons.NOTIFICATIONS_OUTLINED,
            ft.Icons.NOTIFICATIONS,
            DeskInboxTab,
            count=unseen,
        ),
    ),
    screens=(
        Screen("/points/{entry_id}", "points.why", WhyScreen),
        Screen("/record/{seq}", "record.title", RecordScreen),
    ),
)
