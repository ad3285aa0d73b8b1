"""What an import did, would do, or why it did nothing, in words for whoever ran it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from server.importing.faults import Fault, Language
from server.importing.notes import ImportNote
from server.importing.planning import Change
from server.importing.vocabulary import NEED_NAMES, ROLE_NAMES
from shared.domain.people import Role
from shared.domain.referral import Need

__all__ = ["ImportReport"]

ADDED_LISTED_MAX = 40
"""More new rows than these are counted, not listed: nobody reads a whole county twice."""

_TABLES: Final[dict[str, tuple[str, str]]] = {
    "county": ("县分公司", "county branch"),
    "outlet": ("网点", "outlets"),
    "staff": ("员工", "staff"),
    "qualification": ("资格", "qualifications"),
    "wealth_manager_profile": ("理财经理档案", "wealth manager profiles"),
    "round": ("段道", "rounds"),
    "village": ("村庄", "villages"),
    "crop": ("作物", "crops"),
    "village_crop": ("村庄作物", "village crops"),
    "market_day": ("墟日", "market days"),
}
_FIELDS: Final[dict[str, tuple[str, str]]] = {
    "name": ("名称", "name"),
    "number": ("编号", "number"),
    "town": ("镇", "town"),
    "outlet_id": ("网点", "outlet"),
    "roles": ("岗位", "posts"),
    "active": ("在职", "in service"),
    "backup_id": ("备岗人", "backup"),
    "expires_on": ("资格到期日", "qualification expires"),
    "years": ("从业年限", "years"),
    "specialties": ("专长", "specialties"),
    "dialects": ("方言", "dialects"),
    "introduction": ("个人介绍", "introduction"),
    "leads_max": ("线索上限", "leads max"),
    "visits_per_day_max": ("每日走访上限", "visits a day"),
    "postman_id": ("投递员", "postman"),
    "round_id": ("段道", "round"),
    "households": ("户数", "households"),
    "wealth_manager_id": ("理财经理", "wealth manager"),
    "backup_wealth_manager_id": ("备岗理财经理", "backup wealth manager"),
    "latitude_e6": ("纬度", "latitude"),
    "longitude_e6": ("经度", "longitude"),
    "cash_days_min": ("到账最少天数", "cash days min"),
    "cash_days_max": ("到账最多天数", "cash days max"),
    "kit": ("随带物品", "kit"),
    "months": ("出售月份", "season"),
    "fen_per_household": ("户均收入", "per household"),
    "lunar_digits": ("墟日", "market days"),
}

_NEED_WORDS: Final[dict[Any, str]] = {need.value: name for need, name in NEED_NAMES.items()}
_YES_NO: Final = {True: ("是", "yes"), False: ("否", "no")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The outcome of an import.

    Attributes:
        faults: Why nothing was applied; empty when the workbook is right.
        changes: What was applied, or with `is_dry_run` what would be.
        notes: What should be known all the same.
        names: What the ids in the changes are called.
    """

    faults: tuple[Fault, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[ImportNote, ...] = ()
    names: Mapping[str, str]
    is_dry_run: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the workbook was right and its changes were applied (or would be)."""
        return not self.faults

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return how many rows of each table were added and changed."""
        tally = Counter((change.after.TABLE, change.kind) for change in self.changes)
        return {
            table: (tally[table, "added"], tally[table, "changed"])
            for table in _TABLES
            if tally[table, "added"] or tally[table, "changed"]
        }

    def text(self, language: Language = "zh") -> str:
        """Say all of it: faults, or changes, and notes."""
        lines = self._fault_lines(language) if self.faults else self._change_lines(language)
        return "\n".join([*lines, *self._note_lines(language)])

    def _fault_lines(self, language: Language) -> Iterator[str]:
        if language == "en":
            yield f"Not imported: {len(self.faults)} fault(s). Nothing was changed."
        else:
            yield f"没有导入：有 {len(self.faults)} 处要改，系统里什么都没有动。"
        for fault in self.faults:
            yield f"  {fault.text(language)}"

    def _change_lines(self, language: Language) -> Iterator[str]:
        zh = language == "zh"
        if not self.changes:
            yield "工作簿与系统一致，没有要改的。" if zh else "Nothing new in the workbook."
            return
        if self.is_dry_run:
            yield "试运行，没有写入。导入后会：" if zh else "Dry run; an import would:"
        else:
            yield "已导入：" if zh else "Imported:"
        for table, (added, changed) in self.counts().items():
            if zh:
                yield f"  {_TABLES[table][0]}：新增 {added}，更改 {changed}"
            else:
                yield f"  {_TABLES[table][1]}: {added} added, {changed} changed"
        added = sum(change.kind == "added" for change in self.changes)
        for change in self.changes:
            table = _TABLES[change.after.TABLE][not zh]
            if change.kind == "changed":
                yield f"  · {table} {change.key}{self._told(change, language)}"
            elif added <= ADDED_LISTED_MAX:
                yield f"  + {table} {change.key}"

    def _told(self, change: Change, language: Language) -> str:
        zh = language == "zh"
        parts = [
            f"{_FIELDS[name][not zh]} {self._shown(name, getattr(change.before, name), language)}"
            f" → {self._shown(name, getattr(change.after, name), language)}"
            for name in change.fields
        ]
        need = getattr(change.after, "need", None)
        about = f"（{NEED_NAMES[Need(need)]}）" if need else ""
        return about + ("：" if zh else ": ") + ("；" if zh else "; ").join(parts)

    def _shown(self, name: str, value: Any, language: Language) -> str:
        """Return a value as the workbook would have it."""
        zh = language == "zh"
        if value is None or value in {"", ()}:
            return "（空）" if zh else "(blank)"
        if isinstance(value, bool):
            return _YES_NO[value][not zh]
        if isinstance(value, tuple):
            return "、".join(_word(one) if zh else str(one) for one in value)
        if name.endswith("_e6"):
            return f"{value / 1_000_000:.6f}"
        if name == "fen_per_household":
            return f"¥{value / 100:,.2f}"
        return self.names.get(value, str(value))

    def _note_lines(self, language: Language) -> Iterator[str]:
        if self.notes:
            yield "请留意：" if language == "zh" else "Please note:"
        for note in self.notes:
            yield f"  {note.text(language)}"


def _word(one: Any) -> str:
    """Return a member of a list as a Chinese workbook has it."""
    if isinstance(one, Role):
        return ROLE_NAMES[one]
    return _NEED_WORDS.get(one, str(one))
