"""The branch head's screens: points to approve, what only they decide, who refers, whose phones."""

from __future__ import annotations

import flet as ft

from client.state import App
from client.views.branch_head.approvals import ApprovalsTab
from client.views.branch_head.decisions import DecisionsTab, open_decisions
from client.views.branch_head.duplicate import DuplicateScreen
from client.views.branch_head.entry import EntryScreen
from client.views.branch_head.leave import LeaveScreen
from client.views.branch_head.phones import PhonesTab
from client.views.branch_head.referral import ReferralScreen
from client.views.branch_head.referrals import ReferralsTab
from client.views.branch_head.referrers import ReferrersTab
from client.views.postman import WORKPLACE as POSTMAN
from client.views.workplace import Screen, Tab, Workplace
from shared.domain.people import Role
from shared.domain.points import PointsEntry, PointsStatus

__all__ = ["WORKPLACE"]


def _to_approve(app: App) -> int:
    """Count without asking the rules of each entry: the number stands on every screen."""
    waiting = app.field.world.where(
        PointsEntry, outlet_id=app.field.actor.outlet_id, status=PointsStatus.PENDING
    )
    me = app.field.me.id
    return sum(
        me not in {entry.payee_id, entry.maker_id} and entry.reverses_id is None
        for entry in waiting
    )


def _to_decide(app: App) -> int:
    return open_decisions(app.field.world, app.field.actor.outlet_id)


WORKPLACE = Workplace(
    role=Role.BRANCH_HEAD,
    tabs=(
        Tab(
            "/bh/approvals",
            "bh.approvals",
            ft.Icons.FACT_CHECK_OUTLINED,
            ft.Icons.FACT_CHECK,
            ApprovalsTab,
            count=_to_approve,
        ),
        Tab(
            "/bh/decisions",
            "bh.decisions",
            ft.Icons.GAVEL_OUTLINED,
            ft.Icons.GAVEL,
            DecisionsTab,
            count=_to_decide,
        ),
        Tab(
            "/bh/referrals",
            "bh.referrals",
            ft.Icons.LIST_ALT_OUTLINED,
            ft.Icons.LIST_ALT,
            ReferralsTab,
        ),
        Tab(
            "/bh/referrers",
            "bh.referrers",
            ft.Icons.BAR_CHART_OUTLINED,
            ft.Icons.BAR_CHART,
            ReferrersTab,
        ),
        Tab(
            "/bh/phones",
            "bh.phones",
            ft.Icons.PHONE_ANDROID_OUTLINED,
            ft.Icons.PHONE_ANDROID,
            PhonesTab,
        ),
    ),
    screens=(
        Screen("/bh/entry/{entry_id}", "bh.entry", EntryScreen),
        Screen("/bh/duplicate/{lead_id}", "bh.duplicate", DuplicateScreen),
        Screen("/bh/leave", "leave.title", LeaveScreen),
        Screen("/bh/referral/{lead_id}", "bh.referral", ReferralScreen),
        # Heads lead by example (S35): they refer as everybody does.
        *POSTMAN.screens,
    ),
)
