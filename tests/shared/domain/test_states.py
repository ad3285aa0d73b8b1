"""The state machines of harvest dates, care cards and visits: all moves but the table's refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from shared.domain import care_card, harvest, visit
from shared.domain.people import Role
from shared.domain.refusals import FORBIDDEN_ACTION, ILLEGAL_TRANSITION, RefusedError
from tests.shared.domain.county import CARD, SALE, VISIT, actor_as

Move = tuple[StrEnum, StrEnum, Role | None]


class Machine:
    """One noun's states, with a row to try them on."""

    def __init__(self, noun: Any, row: Any, status: type[StrEnum], action: type[StrEnum]) -> None:
        self.table = noun.TRANSITIONS
        self.advance: Callable[..., StrEnum] = noun.advance
        self.row = row
        self.moves: set[Move] = set(product(status, action, [*Role, None]))
        self.legal: set[Move] = {
            (before, taken, role)
            for (before, taken), (roles, _) in self.table.items()
            for role in roles or {None}
        }

    def try_move(self, move: Move) -> StrEnum:
        before, action, role = move
        actor = None if role is None else actor_as(role)
        return self.advance(replace(self.row, status=before), action, actor)


MACHINES = {
    "harvest_date": Machine(harvest, SALE, harvest.HarvestStatus, harvest.HarvestAction),
    "care_card": Machine(care_card, CARD, care_card.CareStatus, care_card.CareAction),
    "visit": Machine(visit, VISIT, visit.VisitStatus, visit.VisitAction),
}


def is_for_somebody(machine: Machine, move: Move) -> bool:
    """Tell whether the move names a post; only harvest dates know moves of a rule alone."""
    return move[2] is not None or machine is MACHINES["harvest_date"]


@pytest.mark.parametrize("noun", MACHINES)
def test_advance_refuses_every_move_not_in_the_table(noun: str) -> None:
    machine = MACHINES[noun]
    illegal = {move for move in machine.moves - machine.legal if is_for_somebody(machine, move)}
    for move in illegal:
        with pytest.raises(RefusedError) as caught:
            machine.try_move(move)
        slug = FORBIDDEN_ACTION if move[:2] in machine.table else ILLEGAL_TRANSITION
        assert caught.value.slug == slug, move
        assert caught.value.facts["object"] == noun


@pytest.mark.parametrize("noun", MACHINES)
def test_advance_makes_every_move_of_the_table(noun: str) -> None:
    machine = MACHINES[noun]
    for move in machine.legal:
        assert machine.try_move(move) is machine.table[move[:2]][1]


@pytest.mark.parametrize("noun", MACHINES)
def test_no_post_without_customers_moves_anything(noun: str) -> None:
    movers = {role for _, _, role in MACHINES[noun].legal}
    assert movers.isdisjoint({Role.PAYROLL, Role.ADMINISTRATOR})


def test_the_lobby_the_tellers_and_the_supervisor_only_look_at_harvest_dates() -> None:
    movers = {role for _, _, role in MACHINES["harvest_date"].legal if role is not None}
    assert movers == {Role.POSTMAN, Role.OUTREACH, Role.WEALTH_MANAGER, Role.BRANCH_HEAD}


def test_a_day_that_was_seen_no_longer_goes_back_to_hearsay_but_by_a_shift() -> None:
    back = {
        action
        for (before, action), (_, after) in harvest.TRANSITIONS.items()
        if before is not harvest.HarvestStatus.HEARD and after is harvest.HarvestStatus.HEARD
    }
    assert back == {harvest.HarvestAction.SHIFT}
