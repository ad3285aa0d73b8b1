"""The wealth manager's screens: leads to answer, sales to plan for, visits, what came of it all."""

from __future__ import annotations

import flet as ft

from client.state import App
from client.views.desk.inbox import DeskInboxTab, unseen
from client.views.postman import WORKPLACE as POSTMAN
from client.views.wealth_manager.calendar import CalendarTab
from client.views.wealth_manager.day import DayTab
from client.views.wealth_manager.lead import LeadScreen
from client.views.wealth_manager.leads import LeadsTab
from client.views.wealth_manager.outcome import CareScreen, LoseScreen, SucceedScreen
from client.views.wealth_manager.progress import ProgressTab
from client.views.wealth_manager.schedule import ScheduleScreen
from client.views.wealth_manager.visit import VisitScreen
from client.views.workplace import Screen, Tab, Workplace
from shared.domain.day_plan import leads_for
from shared.domain.people import Role

__all__ = ["WORKPLACE"]


def _to_answer(app: App) -> int:
    return len(leads_for(app.field.world, app.field.me.id))


WORKPLACE = Workplace(
    role=Role.WEALTH_MANAGER,
    tabs=(
        Tab(
            "/wm/leads",
            "wm.leads",
            ft.Icons.MOVE_TO_INBOX_OUTLINED,
            ft.Icons.MOVE_TO_INBOX,
            LeadsTab,
            count=_to_answer,
        ),
        Tab(
            "/wm/calendar",
            "wm.calendar",
            ft.Icons.CALENDAR_MONTH_OUTLINED,
            ft.Icons.CALENDAR_MONTH,
            CalendarTab,
        ),
        Tab("/wm/day", "wm.day", ft.Icons.ROUTE_OUTLINED, ft.Icons.ROUTE, DayTab),
        Tab(
            "/wm/progress",
            "wm.progress",
            ft.Icons.INSIGHTS_OUTLINED,
            ft.Icons.INSIGHTS,
            ProgressTab,
        ),
        Tab(
            "/wm/news",
            "news.title",
            ft.Icons.NOTIFICATIONS_OUTLINED,
            ft.Icons.NOTIFICATIONS,
            DeskInboxTab,
            count=unseen,
        ),
    ),
    screens=(
        Screen("/wm/lead/{lead_id}", "wm.lead", LeadScreen),
        Screen("/wm/lead/{lead_id}/succeed", "wm.succeed", SucceedScreen),
        Screen("/wm/lead/{lead_id}/lose", "wm.lose", LoseScreen),
        Screen("/wm/lead/{lead_id}/care", "wm.care", CareScreen),
        Screen("/wm/schedule", "wm.schedule", ScheduleScreen),
        Screen("/wm/visit/{visit_id}", "wm.visit", VisitScreen),
        # Everybody refers (S5), follows up their care cards and corrects what they recorded.
        *POSTMAN.screens,
    ),
)
