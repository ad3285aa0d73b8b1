"""The demo county is a workbook without a fault, and invented."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from pathlib import Path

from server.demo.county import PEOPLE, VILLAGES
from server.demo.names import People
from server.demo.workbook import make_workbook
from server.importing.checking import Judgement, judge
from server.importing.existing import Existing
from server.importing.parsing import parse_grids
from server.importing.reading import read_grids
from shared.domain.people import County
from shared.ids import make_id


def judged(path: Path) -> Judgement:
    ids = itertools.count(1)
    parsed = parse_grids(read_grids(path))
    county = County(id=make_id(0, 1, 0), name=next(iter(parsed.organisation.outlets)).county or "")
    return judge(
        parsed, Existing(), county, lambda: make_id(0, 1, next(ids)), dt.date(2026, 11, 23)
    )


def test_demo_workbook_has_no_fault_and_nothing_to_note(tmp_path: Path) -> None:
    make_workbook(tmp_path / "demo.xlsx")
    judgement = judged(tmp_path / "demo.xlsx")
    assert judgement.faults == ()
    assert judgement.notes == ()


def test_demo_county_has_the_size_that_was_asked_for() -> None:
    posts = Counter(person.posts for person in PEOPLE)
    assert posts == {
        "投递员": 6, "理财经理": 4, "大堂经理": 3, "高柜柜员": 6, "支局长": 2, "外拓人员": 2,
        "后台人员": 1, "大堂主管": 1, "薪酬核算": 1, "县分公司管理员": 1,
    }  # fmt: skip
    assert len(VILLAGES) == 24
    assert len({(village.town, village.name) for village in VILLAGES}) == 24


def test_something_is_sold_in_every_month() -> None:
    sold = {months for village in VILLAGES for _, months, _, _ in village.crops}
    assert "全年" in sold
    assert len(sold) > 12


def test_invented_people_are_the_same_each_time_and_hold_rare_characters() -> None:
    first, again = People(7), People(7)
    names = [first.name("东坑村") for _ in range(900)]
    assert names == [again.name("东坑村") for _ in range(900)]
    assert any("𠮷" in name for name in names)
    assert any("㛃" in name for name in names)
    assert any("喆" in name for name in names)


def test_invented_numbers_are_unique_and_of_a_block_that_nobody_has() -> None:
    people = People(7)
    numbers = [people.phone() for _ in range(900)]
    assert len(set(numbers)) == 900
    assert all(number.startswith("1990000") and len(number) == 11 for number in numbers)
