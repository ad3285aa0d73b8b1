"""The postman's screens: the round, what was recorded on it, and what came of it."""

from __future__ import annotations

import flet as ft

from client.state import App
from client.views.points import PointsTab, WhyScreen
from client.views.postman.care_correction import CorrectCareScreen
from client.views.postman.care_detail import CareScreen
from client.views.postman.care_form import CareFormScreen
from client.views.postman.inbox import InboxTab, inbox_count
from client.views.postman.lead_correction import CorrectLeadScreen
from client.views.postman.lead_detail import LeadScreen
from client.views.postman.lead_form import LeadFormScreen
from client.views.postman.sale_detail import SaleScreen
from client.views.postman.sale_form import SaleFormScreen
from client.views.postman.sales import SalesTab
from client.views.postman.today import TodayTab
from client.views.records import RecordScreen, RecordsTab
from client.views.workplace import Screen, Tab, Workplace
from shared.domain.people import Role

__all__ = ["WORKPLACE"]


def _needs_me(app: App) -> int:
    return inbox_count(app.field)


WORKPLACE = Workplace(
    role=Role.POSTMAN,
    also=(Role.OUTREACH,),
    tabs=(
        Tab(
            "/postman/today",
            "today.title",
            ft.Icons.TODAY_OUTLINED,
            ft.Icons.TODAY,
            TodayTab,
        ),
        Tab(
            "/postman/sales",
            "sales.title",
            ft.Icons.AGRICULTURE_OUTLINED,
            ft.Icons.AGRICULTURE,
            SalesTab,
        ),
        Tab(
            "/postman/records",
            "records.title",
            ft.Icons.RECEIPT_LONG_OUTLINED,
            ft.Icons.RECEIPT_LONG,
            RecordsTab,
        ),
        Tab(
            "/postman/points",
            "points.title",
            ft.Icons.STARS_OUTLINED,
            ft.Icons.STARS,
            PointsTab,
        ),
        Tab(
            "/postman/inbox",
            "inbox.title",
            ft.Icons.NOTIFICATIONS_OUTLINED,
            ft.Icons.NOTIFICATIONS,
            InboxTab,
            count=_needs_me,
        ),
    ),
    screens=(
        Screen("/postman/lead", "lead.new", LeadFormScreen),
        Screen("/postman/lead/{referral_id}", "lead.title", LeadScreen),
        Screen("/postman/lead/{referral_id}/correct", "lead.correct", CorrectLeadScreen),
        Screen("/postman/sale", "sale.new", SaleFormScreen),
        Screen("/postman/sale/{sale_id}", "sale.title", SaleScreen),
        Screen("/postman/care", "care.new", CareFormScreen),
        Screen("/postman/care/{card_id}", "care.title", CareScreen),
        Screen("/postman/care/{card_id}/correct", "care.correct", CorrectCareScreen),
        Screen("/points/{entry_id}", "points.why", WhyScreen),
        Screen("/record/{seq}", "record.title", RecordScreen),
    ),
)
