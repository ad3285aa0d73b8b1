"""What a state is called, and in which tone it is shown."""

from __future__ import annotations

import flet as ft

from client.components.cards import badge
from client.strings import Words
from shared.domain.points import PointsStatus
from shared.domain.referral import ReferralStatus
from shared.domain.visit import VisitStatus

__all__ = ["points_badge", "referral_badge", "visit_badge"]

R, V, P = ReferralStatus, VisitStatus, PointsStatus

_REFERRAL = {
    R.ROUTED: ("wait", ft.Icons.MOVE_TO_INBOX_OUTLINED),
    R.HELD: ("bad", ft.Icons.CONTENT_COPY_OUTLINED),
    R.UNASSIGNED: ("bad", ft.Icons.PERSON_SEARCH_OUTLINED),
    R.ACCEPTED: ("good", ft.Icons.CHECK),
    R.HANDED_OVER: ("good", ft.Icons.HANDSHAKE_OUTLINED),
    R.VISIT_SET: ("harvest", ft.Icons.EVENT_OUTLINED),
    R.MET: ("good", ft.Icons.PEOPLE_OUTLINE),
    R.SUCCEEDED: ("wait", ft.Icons.RECEIPT_LONG_OUTLINED),
    R.VERIFIED: ("good", ft.Icons.VERIFIED_OUTLINED),
    R.CARED_FOR: ("harvest", ft.Icons.FAVORITE_BORDER),
}
_VISIT = {
    V.PROPOSED: ("wait", ft.Icons.LIGHTBULB_OUTLINED),
    V.SCHEDULED: ("harvest", ft.Icons.EVENT_OUTLINED),
    V.UNDER_WAY: ("good", ft.Icons.DIRECTIONS_WALK),
    V.DONE: ("good", ft.Icons.CHECK),
}
_POINTS = {
    P.PENDING: ("wait", ft.Icons.HOURGLASS_EMPTY),
    P.APPROVED: ("good", ft.Icons.CHECK),
    P.SETTLED: ("good", ft.Icons.CHECK),
    P.PAID: ("good", ft.Icons.PAID_OUTLINED),
    P.REJECTED: ("bad", ft.Icons.CLOSE),
}
_ELSE = ("plain", ft.Icons.CIRCLE_OUTLINED)


def referral_badge(status: ReferralStatus, words: Words) -> ft.Control:
    """Say where a referral stands."""
    tone, icon = _REFERRAL.get(status, _ELSE)
    return badge(words.name(status), tone, icon=icon)


def visit_badge(status: VisitStatus, words: Words) -> ft.Control:
    """Say where a visit stands."""
    tone, icon = _VISIT.get(status, _ELSE)
    return badge(words.name(status), tone, icon=icon)


def points_badge(status: PointsStatus, words: Words) -> ft.Control:
    """Say where a points entry stands."""
    tone, icon = _POINTS.get(status, _ELSE)
    return badge(words.name(status), tone, icon=icon)
