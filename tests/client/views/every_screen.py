"""Every screen of every post, once, with rows that fill it: for tests of what holds for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from client.status import FieldState
from client.views.registry import workplaces_of
from shared.domain.people import Role
from shared.domain.village import Round
from tests.client.components.test_guard import SCREENS as POSTMAN_SCREENS
from tests.client.views import desk_rows
from tests.client.views.demo_rows import CARD, LEAD, ME, postman_field, world
from tests.client.views.desk_rows import ENTRIES, row_id
from tests.client.views.fake_field import CODE, FakeField
from tests.client.views.harness import PHONE, Screen

__all__ = ["AT_A_DESK", "DOORS", "EVERY_SCREEN", "POSTS", "field_of", "open_at"]

EVERYBODYS = ("/sync", "/settings", "/enrol", "/settings/pin", "/about")
OUTLET_SCREENS = (
    "/outlet/home",
    "/outlet/records",
    "/outlet/points",
    "/outlet/inbox",
    "/postman/lead",
    "/postman/care",
    f"/postman/lead/{LEAD}",
    f"/postman/care/{CARD}",
)
MANAGER_SCREENS = (
    "/wm/leads",
    "/wm/calendar",
    "/wm/day",
    "/wm/progress",
    "/wm/news",
    f"/wm/lead/{desk_rows.NEW_LEAD}",
    f"/wm/lead/{desk_rows.ACCEPTED}",
    f"/wm/lead/{desk_rows.MET}",
    f"/wm/lead/{desk_rows.MET}/succeed",
    f"/wm/lead/{desk_rows.MET}/lose",
    f"/wm/lead/{desk_rows.ACCEPTED}/care",
    f"/wm/schedule?lead={desk_rows.ACCEPTED}",
    f"/wm/visit/{desk_rows.VISIT}",
)
HEAD_SCREENS = (
    "/bh/approvals",
    "/bh/decisions",
    "/bh/referrals",
    "/bh/referrers",
    "/bh/phones",
    "/bh/leave",
    f"/bh/entry/{row_id(ENTRIES + 103)}",
    f"/bh/entry/{row_id(ENTRIES + 105)}",
    f"/bh/duplicate/{desk_rows.HELD}",
    f"/bh/referral/{desk_rows.UNASSIGNED}",
    f"/bh/referral/{desk_rows.SUCCEEDED}",
)
RECORD = "/record/1"


def field_of(role: Role) -> FakeField:
    """Return the records of somebody who holds *role* alone."""
    if role is Role.WEALTH_MANAGER:
        return desk_rows.manager_field()
    if role is Role.BRANCH_HEAD:
        return desk_rows.head_field()
    if role is Role.POSTMAN:
        return postman_field()
    field = FakeField(replace(ME, roles=(role,)), world())
    field.world.tables[Round].clear()
    return field


POSTS: dict[Role, tuple[str, ...]] = {
    Role.POSTMAN: (*POSTMAN_SCREENS, *EVERYBODYS[2:], RECORD),
    Role.TELLER: ("/outlet/home", "/postman/lead"),
    Role.LOBBY_MANAGER: OUTLET_SCREENS,
    Role.WEALTH_MANAGER: MANAGER_SCREENS,
    Role.BRANCH_HEAD: HEAD_SCREENS,
    Role.ADMINISTRATOR: ("/office/home", "/office/news", *EVERYBODYS[:2]),
    Role.PAYROLL: ("/office/home",),
}
"""The screens of each post, those of everybody once; a test compares them with the registry's."""

AT_A_DESK = (Role.WEALTH_MANAGER, Role.BRANCH_HEAD)

EVERY_SCREEN = [(role, where) for role, places in POSTS.items() for where in places]

DOORS: dict[str, tuple[Callable[[], FakeField], str]] = {
    "enrol": (partial(postman_field, state=FieldState.NOT_ENROLLED), "/"),
    "enrol-by-link": (partial(postman_field, state=FieldState.NOT_ENROLLED), f"/enrol={CODE}"),
    "choose-pin": (partial(postman_field, state=FieldState.PIN_NEEDED), "/"),
    "unlock": (partial(postman_field, state=FieldState.LOCKED), "/"),
    "elsewhere": (partial(postman_field, state=FieldState.ELSEWHERE), "/"),
    "starting": (partial(postman_field, state=FieldState.STARTING), "/"),
}
"""What is seen before the unlock: whose phone, and at which address it was opened."""


async def open_at(
    field: FakeField, role: Role, where: str, *, size: tuple[int, int] = PHONE
) -> Screen:
    """Open a screen over its post's first tab, as a tap would."""
    screen = await Screen().open(field, size=size)
    (workplace,) = workplaces_of([role])
    if where == RECORD and not field.outbox():
        await record_something(screen)
    screen.app.navigation.switch(workplace.tabs[0].path)
    screen.app.navigation.open(where)
    await screen.settle()
    return screen


async def record_something(screen: Screen) -> None:
    """Record a lead, so that there is a record to look at."""
    for text in ("记线索", "存款", "很高", "客户已同意，保存"):
        await screen.tap(text)
