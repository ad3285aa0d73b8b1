"""Who may hold which rows, written a second time: from PRODUCT's table, not from the server's.

What `server.scope` places wrongly, its feed would deliver wrongly and agree with itself. This
reads the database past all of the server's code.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from shared.domain.attachment import Attachment
from shared.domain.care_card import CareCard, CareFollowUp
from shared.domain.customer import Consent, ContactReveal, Customer, CustomerContact
from shared.domain.harvest import HarvestDate, HarvestDateVersion
from shared.domain.notice import Notice
from shared.domain.people import Device, Leave, Qualification, Role, WealthManagerProfile
from shared.domain.points import PointsEntry
from shared.domain.referral import Referral
from shared.domain.routing import RouteTrace
from shared.domain.rows import Row
from shared.domain.village import Round, RoundCover, Village, VillageCrop
from shared.domain.visit import CallAttempt, Visit

__all__ = ["Sight"]

_PEOPLE = ("referrer_id", "wealth_manager_id", "escort_id", "originator_id", "owner_id")
_OVERSEES = {Role.BRANCH_HEAD.value, Role.LOBBY_SUPERVISOR.value}


class Sight:
    """What one person may hold, as the database stands now."""

    def __init__(self, database: sqlite3.Connection, staff_id: str) -> None:
        self._database = database
        self._me = staff_id
        mine = self._one("SELECT outlet_id, roles FROM staff WHERE id = ?", staff_id)
        self._outlet: str = mine["outlet_id"]
        self._roles = set(json.loads(mine["roles"]))
        self._villages: dict[str, bool] = {}

    def allows(self, row: Row) -> bool:
        """Tell whether the person may hold *row*."""
        judge = _JUDGES.get(type(row))
        return True if judge is None else bool(judge(self, row))

    # --- Judges, by table ----------------------------------------------------------------------

    def _of_outlet(self, row: Any) -> bool:
        return self._at_outlet_of("staff", row.staff_id)

    def _round(self, row: Round) -> bool:
        return row.outlet_id == self._outlet

    def _round_cover(self, row: RoundCover) -> bool:
        return self._at_outlet_of("round", row.round_id)

    def _village(self, row: Village) -> bool:
        return self._village_id(row.id)

    def _in_village(self, row: Any) -> bool:
        return self._village_id(row.village_id)

    def _sale(self, row: Any) -> bool:
        return self._village_id(row.village_id) or self._oversees(row.outlet_id)

    def _device(self, row: Device) -> bool:
        return row.staff_id == self._me or self._oversees(row.outlet_id) or self._administers()

    def _customer(self, row: Customer) -> bool:
        return row.managing_id == self._me or self._knows_customer(row.id)

    def _consent(self, row: Consent) -> bool:
        return self._knows_customer(row.customer_id)

    def _contact(self, row: CustomerContact) -> bool:
        if any(self._me in people for people in self._people_around(row.customer_id)):
            return True
        query = "SELECT 1 FROM contact_reveal WHERE contact_id = ? AND by_id = ?"
        return bool(self._all(query, row.id, self._me))

    def _reveal(self, row: ContactReveal) -> bool:
        return row.by_id == self._me or self._administers()

    def _referral(self, row: Referral) -> bool:
        people = (row.referrer_id, row.wealth_manager_id, row.escort_id)
        return self._me in people or self._oversees(row.outlet_id) or self._receives(row.outlet_id)

    def _of_referral(self, row: Any) -> bool:
        found = self._one("SELECT * FROM referral WHERE id = ?", row.referral_id)
        people = (found["referrer_id"], found["wealth_manager_id"], found["escort_id"])
        outlet: str = found["outlet_id"]
        return self._me in people or self._oversees(outlet) or self._receives(outlet)

    def _care_card(self, row: CareCard) -> bool:
        return self._me in (row.originator_id, row.owner_id) or self._oversees(row.outlet_id)

    def _follow_up(self, row: CareFollowUp) -> bool:
        found = self._one("SELECT * FROM care_card WHERE id = ?", row.care_card_id)
        mine = self._me in (found["originator_id"], found["owner_id"])
        return mine or self._oversees(found["outlet_id"])

    def _visit(self, row: Visit) -> bool:
        people = (row.wealth_manager_id, *row.helper_ids)
        return self._me in people or self._oversees(row.outlet_id)

    def _points(self, row: PointsEntry) -> bool:
        return row.payee_id == self._me or self._oversees(row.outlet_id) or self._administers()

    def _attachment(self, row: Attachment) -> bool:
        table = row.object_table.value
        found = self._one(f"SELECT * FROM {table} WHERE id = ?", row.object_id)  # noqa: S608
        people = [found[name] for name in _PEOPLE if name in found.keys()]  # noqa: SIM118
        helpers = json.loads(found["helper_ids"]) if "helper_ids" in found.keys() else []  # noqa: SIM118
        return self._me in (*people, *helpers) or self._oversees(found["outlet_id"])

    def _notice(self, row: Notice) -> bool:
        return row.for_id == self._me

    # --- Within --------------------------------------------------------------------------------

    def _oversees(self, outlet_id: str) -> bool:
        return outlet_id == self._outlet and not _OVERSEES.isdisjoint(self._roles)

    def _receives(self, outlet_id: str) -> bool:
        return outlet_id == self._outlet and Role.LOBBY_MANAGER.value in self._roles

    def _administers(self) -> bool:
        return Role.ADMINISTRATOR.value in self._roles

    def _village_id(self, village_id: str) -> bool:
        if village_id not in self._villages:
            found = self._one("SELECT * FROM village WHERE id = ?", village_id)
            managers = (found["wealth_manager_id"], found["backup_wealth_manager_id"])
            self._villages[village_id] = (
                found["outlet_id"] == self._outlet
                or self._me in managers
                or self._walks(found["round_id"])
            )
        return self._villages[village_id]

    def _walks(self, round_id: str | None) -> bool:
        if round_id is None:
            return False
        if self._one("SELECT postman_id FROM round WHERE id = ?", round_id)[0] == self._me:
            return True
        covers = "SELECT 1 FROM round_cover WHERE round_id = ? AND staff_id = ? AND NOT cancelled"
        return bool(self._all(covers, round_id, self._me))

    def _at_outlet_of(self, table: str, row_id: str) -> bool:
        query = f"SELECT outlet_id FROM {table} WHERE id = ?"  # noqa: S608 - a literal of ours
        return bool(self._one(query, row_id)[0] == self._outlet)

    def _knows_customer(self, customer_id: str) -> bool:
        outlets = [self._one("SELECT outlet_id FROM customer WHERE id = ?", customer_id)[0]]
        for table in ("referral", "care_card"):
            query = f"SELECT outlet_id FROM {table} WHERE customer_id = ?"  # noqa: S608
            outlets += [found[0] for found in self._all(query, customer_id)]
        if any(self._oversees(outlet) or self._receives(outlet) for outlet in outlets):
            return True
        return any(self._me in people for people in self._people_around(customer_id))

    def _people_around(self, customer_id: str) -> Iterable[tuple[Any, ...]]:
        query = (
            "SELECT referrer_id, wealth_manager_id, escort_id FROM referral WHERE customer_id = ?"
        )
        cards = "SELECT originator_id, owner_id FROM care_card WHERE customer_id = ?"
        return [
            tuple(each) for each in self._all(query, customer_id) + self._all(cards, customer_id)
        ]

    def _one(self, query: str, *values: str) -> Any:
        return self._all(query, *values)[0]

    def _all(self, query: str, *values: str) -> list[Any]:
        return self._database.execute(query, values).fetchall()


_JUDGES: dict[type[Row], Any] = {
    Qualification: Sight._of_outlet,
    Leave: Sight._of_outlet,
    WealthManagerProfile: Sight._of_outlet,
    Round: Sight._round,
    RoundCover: Sight._round_cover,
    Village: Sight._village,
    VillageCrop: Sight._in_village,
    HarvestDate: Sight._sale,
    HarvestDateVersion: Sight._sale,
    Device: Sight._device,
    Customer: Sight._customer,
    Consent: Sight._consent,
    CustomerContact: Sight._contact,
    ContactReveal: Sight._reveal,
    Referral: Sight._referral,
    RouteTrace: Sight._of_referral,
    CallAttempt: Sight._of_referral,
    CareCard: Sight._care_card,
    CareFollowUp: Sight._follow_up,
    Visit: Sight._visit,
    PointsEntry: Sight._points,
    Notice: Sight._notice,
    Attachment: Sight._attachment,
}
"""Tables that are not here are for the whole county."""
