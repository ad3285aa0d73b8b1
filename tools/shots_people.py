"""Whose screens `make shots` takes from the demo, and what is tapped to come to each."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LOOKS", "PEOPLE", "Look", "Person", "Screen"]


@dataclass(frozen=True)
class Look:
    """A way to look, and the chips under 我的 that choose it.

    `routed`: what is tapped is called otherwise; the screens are gone to by their addresses.
    """

    name: str
    chips: tuple[str, ...]
    routed: bool = False


LOOKS = (
    Look("light", ("中文", "标准", "日常")),
    Look("dark", ("中文", "标准", "夜里")),
    Look("sun", ("中文", "标准", "强光下")),
    Look("large", ("中文", "大字", "日常")),
    Look("english", ("English",), routed=True),
)


@dataclass(frozen=True)
class Screen:
    """A screen, and what is tapped to come to it: a tab's title first, then names of buttons.

    A name that begins with ^ is a pattern; `narrow` screens are part of another one on a desk;
    `scrolled` is how many pixels down the picture is taken.
    """

    name: str
    tab: str
    taps: tuple[str, ...] = ()
    narrow: bool = False
    scrolled: int = 0


@dataclass(frozen=True)
class Person:
    """One role's person in the demo: staff number, and what the first screen says."""

    role: str
    number: str
    greeting: str
    screens: tuple[Screen, ...]


LEAD = r"^\S+\s.*· 意向"
CARD = r"^\S+\s.*联系"
SALE = r"^.*(农户说|听说|收购商定|亲眼看见)"
FOOT = 3000

COMMON = (
    ("sync", ("看同步情况",)),
    ("hand-over", ("看同步情况", "^(去导出|没有网络)")),
    ("settings", ("我的",)),
    ("new-pin", ("我的", "改 PIN")),
    ("about", ("我的", "关于联动")),
)


def _common(tab: str) -> tuple[Screen, ...]:
    return (
        *(Screen(name, tab, taps) for name, taps in COMMON),
        Screen("settings-foot", tab, ("我的",), scrolled=FOOT),
    )


POSTMAN = Person(
    "postman",
    "08010021",
    "今天的村",
    (
        Screen("today", "今天"),
        Screen("today-foot", "今天", scrolled=FOOT),
        Screen("lead-form", "今天", ("记线索",)),
        Screen("lead-form-filled", "今天", ("记线索", "存款", "很高", "补充：身份")),
        Screen("lead-form-foot", "今天", ("记线索",), scrolled=FOOT),
        Screen("sale-form", "今天", ("报出售日",)),
        Screen("sale-form-foot", "今天", ("报出售日",), scrolled=FOOT),
        Screen("care-form", "记录", ("关怀卡", "开关怀卡")),
        Screen("care-form-foot", "记录", ("关怀卡", "开关怀卡"), scrolled=FOOT),
        Screen("sales", "出售"),
        Screen("sale", "出售", (SALE,)),
        Screen("sale-foot", "出售", (SALE,), scrolled=FOOT),
        Screen("records", "记录"),
        Screen("lead", "记录", (LEAD,)),
        Screen("lead-foot", "记录", (LEAD,), scrolled=FOOT),
        Screen("lead-correct", "记录", (LEAD, "^改正")),
        Screen("cards", "记录", ("关怀卡",)),
        Screen("card", "记录", ("关怀卡", CARD)),
        Screen("card-foot", "记录", ("关怀卡", CARD), scrolled=FOOT),
        Screen("everything", "记录", ("本机全部",)),
        Screen("points", "积分"),
        Screen("points-foot", "积分", scrolled=700),
        Screen("why", "积分", ("有效线索",)),
        Screen("inbox", "待办"),
        *_common("今天"),
    ),
)
OPEN_LEAD = r"^.*已受理"
MANAGER = Person(
    "wm",
    "08010011",
    "等我答复",
    (
        Screen("leads", "转介"),
        Screen("offered", "转介", (r"^.*为什么是我",), narrow=True),
        # Before the list is scrolled to what lies further down.
        Screen("decline", "转介", ("不接",)),
        Screen("lead", "转介", (OPEN_LEAD,)),
        Screen("lead-foot", "转介", (OPEN_LEAD,), scrolled=FOOT),
        Screen("schedule", "转介", (OPEN_LEAD, "安排走访")),
        Screen("schedule-foot", "转介", (OPEN_LEAD, "安排走访"), scrolled=FOOT),
        Screen("met", "转介", (OPEN_LEAD, "见到客户了")),
        Screen("care", "转介", (OPEN_LEAD, "转关怀卡")),
        Screen("lose", "转介", (OPEN_LEAD, "没办成")),
        Screen("succeed", "转介", (r"^.*已见面", "办成了")),
        Screen("calendar", "出售日历"),
        Screen("calendar-foot", "出售日历", scrolled=FOOT),
        Screen("list", "出售日历", ("列表",), narrow=True),
        Screen("day", "走访"),
        Screen("day-foot", "走访", scrolled=FOOT),
        Screen("visit", "走访", (r"^走访",)),
        Screen("visit-foot", "走访", (r"^走访",), scrolled=FOOT),
        Screen("progress", "进展"),
        Screen("progress-foot", "进展", scrolled=FOOT),
        Screen("news", "消息"),
        *_common("转介"),
    ),
)
OF_SUCCESS = r"^\S+\s\S+\s办成业务"
HEAD = Person(
    "bh",
    "08010001",
    "待审批",
    (
        Screen("approvals", "审批"),
        Screen("entry", "审批", ("逐条看", OF_SUCCESS)),
        Screen("entry-foot", "审批", ("逐条看", OF_SUCCESS), scrolled=FOOT),
        Screen("reject", "审批", ("逐条看", OF_SUCCESS, "驳回")),
        Screen("bulk", "审批", ("一起批", "批准勾选的")),
        Screen("singly", "审批", ("逐条看",)),
        Screen("not-mine", "审批", ("不归您",)),
        Screen("decisions", "待定"),
        Screen("decision", "待定", (LEAD,)),
        Screen("decision-foot", "待定", (LEAD,), scrolled=FOOT),
        Screen("referrals", "转介"),
        Screen("referral", "转介", (LEAD,)),
        Screen("referral-foot", "转介", (LEAD,), scrolled=FOOT),
        Screen("referrers", "谁在转介"),
        Screen("referrers-foot", "谁在转介", scrolled=FOOT),
        Screen("villages", "谁在转介", ("按村",)),
        Screen("phones", "手机"),
        Screen("leave", "手机", ("^.*请假",)),
        *_common("审批"),
    ),
)
LOBBY = Person(
    "lobby",
    "08010031",
    "转介客户",
    (
        Screen("home", "转介"),
        Screen("lead-form", "转介", ("记线索",)),
        Screen("care-form", "转介", ("开关怀卡",)),
        Screen("care-form-foot", "转介", ("开关怀卡",), scrolled=FOOT),
        Screen("records", "记录"),
        Screen("cards", "记录", ("关怀卡",)),
        Screen("points", "积分"),
        Screen("inbox", "待办"),
    ),
)
OUTREACH = Person(
    "outreach",
    "08010051",
    "今天的村",
    (Screen("today", "今天"), Screen("sales", "出售"), Screen("points", "积分")),
)
PEOPLE = (POSTMAN, MANAGER, HEAD, LOBBY, OUTREACH)
