"""What offices call the posts and the needs, and which of ours is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from shared.domain.people import Role
from shared.domain.referral import Need

__all__ = ["NEEDS", "NEED_NAMES", "ROLES", "ROLE_NAMES", "closest", "known"]

ROLE_NAMES: Final[dict[Role, str]] = {
    Role.POSTMAN: "投递员",
    Role.COUNTER: "邮务营业员",
    Role.TELLER: "高柜柜员",
    Role.LOBBY_MANAGER: "大堂经理",
    Role.LOBBY_SUPERVISOR: "大堂主管",
    Role.BACK_OFFICE: "后台人员",
    Role.OUTREACH: "外拓人员",
    Role.WEALTH_MANAGER: "理财经理",
    Role.BRANCH_HEAD: "支局长",
    Role.PAYROLL: "薪酬核算",
    Role.ADMINISTRATOR: "县分公司管理员",
}

_ROLE_ALIASES: Final[dict[Role, tuple[str, ...]]] = {
    Role.POSTMAN: ("邮递员", "乡邮员", "投递", "乡邮投递员"),
    Role.COUNTER: ("营业员", "邮务人员", "邮政营业员"),
    Role.TELLER: ("柜员", "高柜", "综合柜员", "储蓄柜员"),
    Role.LOBBY_MANAGER: ("大堂", "大堂引导员"),
    Role.LOBBY_SUPERVISOR: ("主管", "营业主管"),
    Role.BACK_OFFICE: ("后台", "综合后台"),
    Role.OUTREACH: ("外拓", "外拓客户经理"),
    Role.WEALTH_MANAGER: ("理财", "理财师"),
    Role.BRANCH_HEAD: ("网点负责人", "支行长", "局长", "网点主任"),
    Role.PAYROLL: ("薪酬", "薪酬核算员", "薪酬专员"),
    Role.ADMINISTRATOR: ("管理员", "县管理员", "系统管理员"),
}

NEED_NAMES: Final[dict[Need, str]] = {
    Need.DEPOSIT: "储蓄",
    Need.WEALTH: "理财",
    Need.INSURANCE: "保险",
    Need.BOND: "国债",
    Need.FUND: "基金",
    Need.LOAN: "贷款",
    Need.CARD: "银行卡",
    Need.PENSION: "养老金",
}

_NEED_ALIASES: Final[dict[Need, tuple[str, ...]]] = {
    Need.DEPOSIT: ("存款", "定期", "定期存款"),
    Need.WEALTH: ("理财产品",),
    Need.INSURANCE: ("代理保险",),
    Need.BOND: ("债券",),
    Need.FUND: ("代销基金",),
    Need.LOAN: ("信贷", "小额贷款"),
    Need.CARD: ("信用卡", "借记卡", "卡"),
    Need.PENSION: ("养老", "个人养老金"),
}

ROLES: Final[dict[str, Role]] = {
    name.casefold(): role
    for role, chinese in ROLE_NAMES.items()
    for name in (chinese, role.value, role.value.replace("_", " "), *_ROLE_ALIASES[role])
}
"""Posts by every name, case folded."""

NEEDS: Final[dict[str, Need]] = {
    name.casefold(): need
    for need, chinese in NEED_NAMES.items()
    for name in (chinese, need.value, *_NEED_ALIASES[need])
}
"""Needs by every name, case folded."""


def known(names: Mapping[str, Role] | Mapping[str, Need]) -> str:
    """Return the first name of each, for a text that lists what may be written."""
    first: dict[object, str] = {}
    for name, meaning in names.items():
        first.setdefault(meaning, name)
    return "、".join(first.values())


def closest(word: str, names: Iterable[str]) -> str:
    """Return a question after the nearest name, in either language, or nothing."""
    near = get_close_matches(word.casefold(), list(names), n=1, cutoff=0.5)
    return f"“{near[0]}”？" if near else ""
