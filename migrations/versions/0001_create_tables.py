"""Create every table: the organisation, the work, the ledger, and what sync needs.

Revision ID: 0001
Revises: nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


TABLES = (
    "county",
    "county_counter",
    "enrolment_failure",
    "feed",
    "feed_row",
    "op",
    "policy",
    "scope_counter",
    "server_identity",
    "set_aside",
    "crop",
    "market_day",
    "outlet",
    "settlement_period",
    "staff",
    "contact_reveal",
    "device",
    "enrolled_device",
    "enrolment_code",
    "leave",
    "notice",
    "points_entry",
    "qualification",
    "round",
    "wealth_manager_profile",
    "ledger_entry",
    "round_cover",
    "village",
    "customer",
    "harvest_date",
    "village_crop",
    "care_card",
    "consent",
    "customer_contact",
    "harvest_date_version",
    "referral",
    "visit",
    "call_attempt",
    "care_follow_up",
    "route",
    "attachment",
    "blob",
)
"""In the order of their creation."""


def text(name: str, length: int, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=optional)


def long_text(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=optional)


def whole(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=optional)


def large(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=optional)


def flag(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=optional)


def day(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=optional)


def instant(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def row() -> list[sa.Column[Any]]:
    """Return what every row that phones may hold begins with."""
    return [
        text("id", 13),
        text("county_id", 13),
        whole("revision"),
        whole("changed_by_device"),
        whole("foreign_revision"),
        instant("changed_at"),
    ]


def table(  # noqa: PLR0913 - all that a table has
    name: str,
    columns: Sequence[sa.Column[Any]],
    *,
    key: Sequence[str] = ("id",),
    references: Mapping[str, str] = {},
    choices: Mapping[str, Sequence[str]] = {},
    checks: Mapping[str, str] = {},
    unique: Sequence[Sequence[str]] = (),
    named_unique: Mapping[str, Sequence[str]] = {},
    indexes: Sequence[str] = (),
    named_indexes: Mapping[str, Sequence[str]] = {},
    numbered: bool = False,
    clustered: bool = False,
) -> None:
    """Create a table; every constraint has a name, for a later migration may have to drop it."""
    is_row = any(column.name == "foreign_revision" for column in columns)
    checks = {
        **checks,
        **({"revision": "revision >= 1"} if is_row else {}),
        **{column: _one_of(column, values) for column, values in choices.items()},
    }
    uniques = {f"uq_{name}_{'_'.join(some)}": some for some in unique} | dict(named_unique)
    for column in columns:
        # Only a device's number is the database's to give.
        column.autoincrement = numbered and column.name in key
    op.create_table(
        name,
        *columns,
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{target}.id"],
                name=op.f(f"fk_{name}_{column}"),
                deferrable=True,
                initially="DEFERRED",
            )
            for column, target in references.items()
        ),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_{name}_{about}"))
            for about, rule in checks.items()
        ),
        *(sa.UniqueConstraint(*some, name=op.f(title)) for title, some in uniques.items()),
        sqlite_autoincrement=numbered,
        sqlite_with_rowid=not clustered,
    )
    for column in (*indexes, *(("county_id",) if is_row else ())):
        op.create_index(f"ix_{name}_{column}", name, [column])
    for title, some in named_indexes.items():
        op.create_index(title, name, list(some))


def _one_of(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def upgrade() -> None:
    table(
        "county",
        [
            *row(),
            text("name", 40),
        ],
    )
    table(
        "county_counter",
        [
            text("county_id", 13),
            whole("ops"),
            instant("swept_at", optional=True),
        ],
        key=("county_id",),
    )
    table(
        "enrolment_failure",
        [
            whole("id"),
            instant("at"),
            text("address", 32),
            text("county_id", 13, optional=True),
        ],
        named_indexes={
            "ix_enrolment_failure_address": ("address", "at"),
            "ix_enrolment_failure_county": ("county_id", "at"),
        },
        numbered=True,
    )
    table(
        "feed",
        [
            text("scope", 32),
            whole("version"),
            text("table_name", 32),
            text("row_id", 13),
            flag("gone"),
        ],
        key=("scope", "version"),
        unique=[("row_id", "table_name", "scope")],
        clustered=True,
    )
    table(
        "feed_row",
        [
            text("row_id", 13),
            text("table_name", 32),
            whole("revision"),
            long_text("body"),
        ],
        key=("row_id", "table_name"),
    )
    table(
        "op",
        [
            whole("device"),
            whole("seq"),
            text("county_id", 13),
            text("digest", 64),
            text("name", 64),
            whole("v"),
            long_text("body", optional=True),
            text("state", 32),
            long_text("problem", optional=True),
            whole("number", optional=True),
            text("signature", 86, optional=True),
            text("generation", 32),
            instant("received_at"),
            instant("captured_from"),
            instant("captured_to"),
            text("clock_grade", 32),
            whole("waits_device", optional=True),
            whole("waits_seq", optional=True),
            text("parked_reason", 500, optional=True),
            long_text("promise", optional=True),
        ],
        key=("device", "seq"),
        choices={
            "clock_grade": ("A", "B", "C"),
            "state": ("ok", "rejected", "parked", "deferred"),
        },
        checks={
            "numbered": "(state = 'deferred') = (number IS NULL)",
            "seq": "seq BETWEEN 1 AND 16777215",
        },
        unique=[("county_id", "number")],
        named_indexes={"ix_op_state": ("county_id", "state")},
    )
    table(
        "policy",
        [
            *row(),
            text("version", 20),
            day("effective_on"),
            whole("valid_lead_points"),
            whole("valid_lead_points_per_day_max"),
            whole("complete_card_points"),
            whole("met_points"),
            whole("success_points"),
            whole("success_large_points"),
            text("large_band", 32),
            whole("date_accuracy_points"),
            whole("date_accuracy_days"),
            whole("date_change_points"),
            whole("date_change_hours_min"),
            whole("care_converted_points"),
            large("fen_per_point"),
            whole("duplicate_window_days"),
            whole("assist_percent"),
            whole("escort_percent"),
            whole("overlap_percent"),
            whole("care_days_min"),
            whole("care_originator_percent"),
            whole("helpers_percent_max"),
            whole("fairness_days"),
            whole("opens_at_minute"),
            whole("closes_at_minute"),
            long_text("working_weekdays"),
            whole("remind_working_hours"),
            whole("escalate_hours"),
            whole("cash_within_hours"),
            whole("cash_remind_hours"),
            whole("cash_backup_hours"),
            whole("cash_escalate_hours"),
            whole("settlement_grace_days"),
            whole("settlement_confirm_days"),
            whole("settlement_lock_day"),
            whole("teller_pay_percent"),
            whole("lobby_pay_percent"),
            whole("pay_ratio_percent_max"),
            whole("unconverted_kept_months"),
            whole("duplicate_kept_days"),
        ],
        choices={
            "large_band": ("under_10k", "from_10k", "from_50k", "from_200k", "from_1m"),
        },
        unique=[("county_id", "version")],
    )
    table(
        "scope_counter",
        [
            text("scope", 32),
            text("county_id", 13),
            whole("version"),
        ],
        key=("scope",),
    )
    table(
        "server_identity",
        [
            whole("id"),
            text("generation", 32),
            text("public_key", 87),
            whole("causes"),
        ],
        checks={
            "single": "id = 1",
        },
    )
    table(
        "set_aside",
        [
            text("digest", 64),
            text("county_id", 13),
            whole("device"),
            text("reason", 40),
            instant("received_at"),
            long_text("body"),
        ],
        key=("digest",),
        indexes=["county_id"],
    )
    table(
        "crop",
        [
            *row(),
            text("name", 40),
            whole("cash_days_min"),
            whole("cash_days_max"),
            long_text("kit"),
        ],
        references={"county_id": "county"},
    )
    table(
        "market_day",
        [
            *row(),
            text("town", 40),
            long_text("lunar_digits"),
        ],
        references={"county_id": "county"},
        unique=[("county_id", "town")],
    )
    table(
        "outlet",
        [
            *row(),
            text("number", 20),
            text("name", 40),
            text("town", 40),
        ],
        references={"county_id": "county"},
        unique=[("county_id", "number")],
    )
    table(
        "settlement_period",
        [
            text("county_id", 13),
            text("period", 7),
            text("status", 32),
            instant("changed_at"),
        ],
        key=("county_id", "period"),
        references={"county_id": "county"},
        choices={
            "status": ("open", "cut_off", "in_review", "locked", "exported", "paid"),
        },
    )
    table(
        "staff",
        [
            *row(),
            text("outlet_id", 13),
            text("number", 20),
            text("name", 40),
            long_text("roles"),
            flag("active"),
            text("backup_id", 13, optional=True),
        ],
        references={"county_id": "county", "outlet_id": "outlet"},
        unique=[("county_id", "number")],
        indexes=["outlet_id"],
    )
    table(
        "contact_reveal",
        [
            *row(),
            text("contact_id", 13),
            text("by_id", 13),
            instant("at"),
            text("reason", 500),
            instant("expires_at"),
        ],
        references={"by_id": "staff"},
        indexes=["contact_id", "expires_at"],
    )
    table(
        "device",
        [
            *row(),
            whole("number"),
            text("staff_id", 13),
            text("outlet_id", 13),
            text("label", 40),
            instant("enrolled_at"),
            instant("last_seen_at", optional=True),
            instant("reported_lost_at", optional=True),
            instant("revoked_at", optional=True),
        ],
        references={"staff_id": "staff", "outlet_id": "outlet"},
        unique=[("number",)],
        indexes=["staff_id"],
    )
    table(
        "enrolled_device",
        [
            whole("number"),
            text("county_id", 13),
            text("staff_id", 13),
            text("device_id", 13, optional=True),
            text("public_key", 87),
            whole("app_version"),
            whole("last_seq"),
            whole("backed_up_seq"),
            long_text("scopes"),
            instant("enrolled_at"),
        ],
        key=("number",),
        references={"staff_id": "staff"},
        checks={
            "number": "number BETWEEN 1 AND 1048575",
        },
        numbered=True,
    )
    table(
        "enrolment_code",
        [
            text("selector", 4),
            text("secret_hash", 64),
            text("county_id", 13),
            text("staff_id", 13),
            instant("issued_at"),
            instant("expires_at"),
            whole("tries_left"),
            text("used_by_key", 87, optional=True),
            whole("used_by_device", optional=True),
        ],
        key=("selector",),
        references={"staff_id": "staff"},
        checks={
            "tries_left": "tries_left >= 0",
        },
    )
    table(
        "leave",
        [
            *row(),
            text("staff_id", 13),
            day("from_on"),
            day("to_on"),
            text("backup_id", 13, optional=True),
            flag("cancelled"),
        ],
        references={"staff_id": "staff"},
        checks={
            "days": "from_on <= to_on",
        },
        indexes=["staff_id"],
        named_indexes={"ix_leave_end": ("county_id", "to_on")},
    )
    table(
        "notice",
        [
            *row(),
            text("for_id", 13),
            text("kind", 32),
            text("object_table", 64),
            text("object_id", 13),
            instant("at"),
            instant("seen_at", optional=True),
        ],
        references={"for_id": "staff"},
        choices={
            "kind": (
                "referral_routed",
                "referral_unassigned",
                "referral_held",
                "referral_declined",
                "referral_lost",
                "referral_joined",
                "harvest_date_changed",
                "visit_scheduled",
                "visit_changed",
                "points_approved",
                "points_rejected",
                "points_reversed",
                "reversal_proposed",
                "device_lost",
            ),
        },
        indexes=["for_id"],
    )
    table(
        "points_entry",
        [
            *row(),
            text("outlet_id", 13),
            text("award", 64),
            whole("award_revision"),
            text("kind", 32),
            text("payee_id", 13),
            text("share_role", 32),
            whole("share_percent"),
            whole("award_points"),
            whole("points"),
            whole("over_cap"),
            text("policy_version", 20),
            text("evidence_table", 64),
            text("evidence_id", 13),
            text("clock_grade", 32),
            instant("earned_from"),
            instant("earned_to"),
            text("period", 7),
            text("status", 32),
            text("maker_id", 13),
            text("decided_by_id", 13, optional=True),
            instant("decided_at", optional=True),
            text("reason", 500, optional=True),
            text("reverses_id", 13, optional=True),
            day("capped_on", optional=True),
            flag("evidence_verified"),
        ],
        references={
            "outlet_id": "outlet",
            "payee_id": "staff",
            "maker_id": "staff",
            "decided_by_id": "staff",
            "reverses_id": "points_entry",
        },
        choices={
            "clock_grade": ("A", "B", "C"),
            "kind": (
                "valid_lead",
                "complete_card",
                "met",
                "success",
                "date_accuracy",
                "date_change",
                "care_converted",
            ),
            "share_role": ("referrer", "escort", "assist", "care_originator", "reporter"),
            "status": (
                "pending",
                "approved",
                "rejected",
                "cancelled",
                "reversed",
                "settled",
                "paid",
            ),
        },
        checks={
            "earned": "earned_from <= earned_to",
            "four_eyes": "status NOT IN ('approved', 'settled', 'paid') OR (decided_by_id <> "
            "payee_id AND decided_by_id <> maker_id)",
            "over_cap": "over_cap >= 0",
            "sign": "(reverses_id IS NULL) = (award_points >= 0)",
        },
        indexes=["award", "evidence_id", "outlet_id", "reverses_id"],
        named_indexes={"ix_points_entry_cap": ("payee_id", "kind", "capped_on")},
    )
    table(
        "qualification",
        [
            *row(),
            text("staff_id", 13),
            text("need", 64),
            day("expires_on"),
        ],
        references={"staff_id": "staff"},
        indexes=["staff_id"],
    )
    table(
        "round",
        [
            *row(),
            text("outlet_id", 13),
            text("name", 40),
            text("postman_id", 13, optional=True),
        ],
        references={"outlet_id": "outlet", "postman_id": "staff"},
        indexes=["outlet_id", "postman_id"],
    )
    table(
        "wealth_manager_profile",
        [
            *row(),
            text("staff_id", 13),
            whole("years"),
            long_text("specialties"),
            long_text("dialects"),
            text("introduction", 500),
            whole("leads_max"),
            whole("visits_per_day_max"),
        ],
        references={"staff_id": "staff"},
        unique=[("staff_id",)],
        indexes=["staff_id"],
    )
    table(
        "ledger_entry",
        [
            text("id", 13),
            text("county_id", 13),
            whole("number"),
            text("award", 64),
            whole("revision"),
            text("payee_id", 13),
            text("kind", 32),
            text("debit_account", 64),
            text("credit_account", 64),
            whole("points"),
            text("policy_version", 20),
            text("evidence_table", 64),
            text("evidence_id", 13),
            text("clock_grade", 32),
            day("effective_on"),
            text("period", 7),
            text("belongs_to", 7),
            text("maker_id", 13),
            text("checker_id", 13),
            text("reverses_id", 13, optional=True),
            instant("posted_at"),
            text("previous_hash", 64),
            text("hash", 64),
        ],
        references={
            "id": "points_entry",
            "county_id": "county",
            "payee_id": "staff",
            "maker_id": "staff",
            "checker_id": "staff",
            "reverses_id": "ledger_entry",
        },
        choices={
            "clock_grade": ("A", "B", "C"),
            "kind": ("award", "reversal"),
        },
        checks={
            "accounts": "debit_account <> credit_account",
            "direction": "(kind = 'award' AND debit_account = 'pool:' || county_id AND "
            "credit_account = 'staff:' || payee_id) OR (kind = 'reversal' AND "
            "debit_account = 'staff:' || payee_id AND credit_account = 'pool:' || "
            "county_id)",
            "four_eyes": "maker_id <> checker_id",
            "hashes": "length(hash) = 64 AND length(previous_hash) = 64",
            "number": "number >= 1 AND revision >= 0",
            "own_points": "checker_id <> payee_id",
            "points": "points BETWEEN 1 AND 1000000",
            "reversal": "(kind = 'reversal') = (reverses_id IS NOT NULL)",
        },
        unique=[
            ("county_id", "number"),
            ("county_id", "previous_hash"),
            ("hash",),
            ("reverses_id",),
        ],
        named_unique={"uq_ledger_entry_award": ("award", "revision", "payee_id")},
        named_indexes={"ix_ledger_entry_payee": ("payee_id", "period")},
    )
    table(
        "round_cover",
        [
            *row(),
            text("round_id", 13),
            text("staff_id", 13),
            day("from_on"),
            day("to_on"),
            flag("cancelled"),
        ],
        references={"round_id": "round", "staff_id": "staff"},
        checks={
            "days": "from_on <= to_on",
        },
        indexes=["round_id", "staff_id"],
    )
    table(
        "village",
        [
            *row(),
            text("outlet_id", 13),
            text("round_id", 13, optional=True),
            text("name", 40),
            text("town", 40),
            whole("households"),
            text("wealth_manager_id", 13, optional=True),
            text("backup_wealth_manager_id", 13, optional=True),
            whole("latitude_e6", optional=True),
            whole("longitude_e6", optional=True),
        ],
        references={
            "outlet_id": "outlet",
            "round_id": "round",
            "wealth_manager_id": "staff",
            "backup_wealth_manager_id": "staff",
        },
        indexes=["backup_wealth_manager_id", "outlet_id", "round_id", "wealth_manager_id"],
    )
    table(
        "customer",
        [
            *row(),
            text("outlet_id", 13),
            text("name", 40),
            text("kind", 32),
            text("village_id", 13, optional=True),
            text("managing_id", 13, optional=True),
            long_text("cues"),
        ],
        references={"outlet_id": "outlet", "village_id": "village", "managing_id": "staff"},
        choices={
            "kind": ("farmer", "buyer", "broker", "shopkeeper"),
        },
        indexes=["outlet_id", "village_id"],
    )
    table(
        "harvest_date",
        [
            *row(),
            text("outlet_id", 13),
            text("village_id", 13),
            text("crop_id", 13),
            text("status", 32),
            day("sale_from_on"),
            day("sale_to_on"),
            day("payout_on"),
            text("confidence", 32),
            whole("version"),
            text("reported_by_id", 13),
            instant("reported_at"),
            whole("households"),
            large("amount_fen"),
            text("buyer", 40, optional=True),
            text("note", 500),
            text("confirmed_by_id", 13, optional=True),
            text("ended_reason", 500, optional=True),
            text("joined_id", 13, optional=True),
            instant("started_at", optional=True),
            instant("sold_at", optional=True),
            instant("paid_at", optional=True),
        ],
        references={
            "outlet_id": "outlet",
            "village_id": "village",
            "crop_id": "crop",
            "reported_by_id": "staff",
            "joined_id": "harvest_date",
        },
        choices={
            "confidence": ("hearsay", "farmer", "buyer", "seen"),
            "status": (
                "heard",
                "confirmed",
                "on_day",
                "sold",
                "paid",
                "cancelled",
                "joined",
                "withdrawn",
            ),
        },
        checks={
            "sale_window": "sale_from_on <= sale_to_on",
        },
        indexes=["outlet_id", "village_id"],
    )
    table(
        "village_crop",
        [
            *row(),
            text("village_id", 13),
            text("crop_id", 13),
            long_text("months"),
            whole("households"),
            large("fen_per_household"),
        ],
        references={"village_id": "village", "crop_id": "crop"},
        indexes=["village_id"],
    )
    table(
        "care_card",
        [
            *row(),
            text("outlet_id", 13),
            text("customer_id", 13),
            text("reason", 32),
            text("status", 32),
            text("originator_id", 13),
            text("owner_id", 13),
            instant("opened_at"),
            day("next_contact_on"),
            text("need", 32, optional=True),
            text("village_id", 13, optional=True),
            text("harvest_date_id", 13, optional=True),
            text("referral_id", 13, optional=True),
            text("converted_referral_id", 13, optional=True),
            instant("converted_at", optional=True),
            whole("follow_ups"),
            text("note", 500),
            text("ended_reason", 500, optional=True),
            instant("ended_at", optional=True),
        ],
        references={
            "outlet_id": "outlet",
            "customer_id": "customer",
            "originator_id": "staff",
            "owner_id": "staff",
            "village_id": "village",
            "harvest_date_id": "harvest_date",
        },
        choices={
            "need": ("deposit", "wealth", "insurance", "bond", "fund", "loan", "card", "pension"),
            "reason": (
                "no_time",
                "not_home",
                "family_word",
                "money_not_in",
                "sale_cancelled",
                "thinking",
                "other",
            ),
            "status": ("open", "invited", "converted", "closed", "opted_out", "withdrawn"),
        },
        indexes=["customer_id", "outlet_id", "referral_id"],
    )
    table(
        "consent",
        [
            *row(),
            text("customer_id", 13),
            text("text_version", 64),
            long_text("purposes"),
            text("how", 64),
            instant("given_at"),
            day("expires_on"),
            instant("withdrawn_at", optional=True),
        ],
        references={"customer_id": "customer"},
        indexes=["customer_id"],
    )
    table(
        "customer_contact",
        [
            *row(),
            text("customer_id", 13),
            text("phone", 16),
            day("expires_on"),
        ],
        references={"customer_id": "customer"},
        unique=[("customer_id",)],
        indexes=["expires_on", "phone"],
    )
    table(
        "harvest_date_version",
        [
            *row(),
            text("harvest_date_id", 13),
            text("village_id", 13),
            text("outlet_id", 13),
            whole("version"),
            text("status", 32),
            day("sale_from_on"),
            day("sale_to_on"),
            day("payout_on"),
            text("confidence", 32),
            text("reported_by_id", 13),
            instant("reported_at"),
            text("reason", 500),
            text("action", 32),
        ],
        references={
            "harvest_date_id": "harvest_date",
            "village_id": "village",
            "outlet_id": "outlet",
        },
        choices={
            "action": (
                "report",
                "correct",
                "confirm",
                "shift",
                "start_day",
                "sell",
                "pay",
                "cancel",
                "join",
                "withdraw",
            ),
            "confidence": ("hearsay", "farmer", "buyer", "seen"),
            "status": (
                "heard",
                "confirmed",
                "on_day",
                "sold",
                "paid",
                "cancelled",
                "joined",
                "withdrawn",
            ),
        },
        unique=[("harvest_date_id", "version")],
    )
    table(
        "referral",
        [
            *row(),
            text("outlet_id", 13),
            text("customer_id", 13),
            text("referrer_id", 13),
            text("kind", 32),
            text("source", 32),
            text("need", 32),
            text("interest", 32),
            text("mode", 32),
            text("status", 32),
            instant("captured_from"),
            instant("captured_to"),
            text("clock_grade", 32),
            text("village_id", 13, optional=True),
            text("harvest_date_id", 13, optional=True),
            text("product_tag", 64, optional=True),
            text("amount_band", 32, optional=True),
            text("note", 500),
            text("signature", 64, optional=True),
            whole("receipt_number", optional=True),
            text("wealth_manager_id", 13, optional=True),
            text("in_person_id", 13, optional=True),
            text("route_id", 13, optional=True),
            instant("due_at", optional=True),
            text("held_for_id", 13, optional=True),
            text("held_reason", 64, optional=True),
            text("escort_id", 13, optional=True),
            text("assist_id", 13, optional=True),
            text("care_card_id", 13, optional=True),
            text("visit_id", 13, optional=True),
            text("customer_part_id", 13, optional=True),
            text("information_part_id", 13, optional=True),
            text("trust_part_id", 13, optional=True),
            text("declined_reason", 500, optional=True),
            text("ended_reason", 500, optional=True),
            text("voucher_number", 15, optional=True),
            text("result_band", 32, optional=True),
            instant("accepted_at", optional=True),
            instant("met_at", optional=True),
            instant("succeeded_at", optional=True),
            instant("verified_at", optional=True),
        ],
        references={
            "outlet_id": "outlet",
            "customer_id": "customer",
            "referrer_id": "staff",
            "village_id": "village",
            "harvest_date_id": "harvest_date",
            "wealth_manager_id": "staff",
            "in_person_id": "staff",
            "held_for_id": "referral",
            "escort_id": "staff",
        },
        choices={
            "amount_band": ("under_10k", "from_10k", "from_50k", "from_200k", "from_1m"),
            "clock_grade": ("A", "B", "C"),
            "interest": ("low", "medium", "high"),
            "kind": ("farmer", "buyer", "broker", "shopkeeper"),
            "mode": ("handed_over", "information"),
            "need": ("deposit", "wealth", "insurance", "bond", "fund", "loan", "card", "pension"),
            "result_band": ("under_10k", "from_10k", "from_50k", "from_200k", "from_1m"),
            "source": ("walk_in", "existing", "village"),
            "status": (
                "captured",
                "received",
                "held",
                "unassigned",
                "routed",
                "accepted",
                "handed_over",
                "visit_set",
                "met",
                "succeeded",
                "verified",
                "cared_for",
                "joined",
                "lost",
                "void",
                "withdrawn",
            ),
        },
        checks={
            "capture": "captured_from <= captured_to",
        },
        unique=[("outlet_id", "voucher_number")],
        indexes=["customer_id", "harvest_date_id", "held_for_id"],
        named_indexes={
            "ix_referral_capture": ("county_id", "captured_to"),
            "ix_referral_change": ("county_id", "changed_at"),
            "ix_referral_holder": ("wealth_manager_id", "status"),
        },
    )
    table(
        "visit",
        [
            *row(),
            text("outlet_id", 13),
            text("wealth_manager_id", 13),
            text("status", 32),
            day("planned_on"),
            text("village_id", 13, optional=True),
            text("harvest_date_id", 13, optional=True),
            long_text("referral_ids"),
            long_text("helper_ids"),
            long_text("kit"),
            long_text("kit_packed"),
            instant("checked_in_at", optional=True),
            whole("latitude_e6", optional=True),
            whole("longitude_e6", optional=True),
            text("help_done", 500),
            whole("escorted"),
            text("note", 500),
            instant("finished_at", optional=True),
            text("ended_reason", 500, optional=True),
        ],
        references={
            "outlet_id": "outlet",
            "wealth_manager_id": "staff",
            "village_id": "village",
            "harvest_date_id": "harvest_date",
        },
        choices={
            "status": ("proposed", "scheduled", "under_way", "done", "missed", "cancelled"),
        },
        indexes=["harvest_date_id", "outlet_id", "planned_on", "village_id", "wealth_manager_id"],
    )
    table(
        "call_attempt",
        [
            *row(),
            text("referral_id", 13),
            text("by_id", 13),
            instant("at"),
            text("result", 32),
        ],
        references={"referral_id": "referral", "by_id": "staff"},
        choices={
            "result": ("reached", "no_answer", "wrong_number", "call_back"),
        },
        indexes=["referral_id"],
    )
    table(
        "care_follow_up",
        [
            *row(),
            text("care_card_id", 13),
            text("by_id", 13),
            instant("at"),
            text("how", 32),
            text("note", 500),
            day("next_contact_on", optional=True),
        ],
        references={"care_card_id": "care_card", "by_id": "staff"},
        choices={
            "how": ("visit", "call", "at_outlet"),
        },
        indexes=["care_card_id"],
    )
    table(
        "route",
        [
            *row(),
            text("referral_id", 13),
            text("outlet_id", 13),
            text("chosen_id", 13, optional=True),
            text("acting_for_id", 13, optional=True),
            whole("rule"),
            long_text("steps"),
            instant("at"),
            instant("due_at"),
            instant("backup_due_at"),
            instant("escalated_at"),
        ],
        references={"referral_id": "referral", "outlet_id": "outlet", "chosen_id": "staff"},
        indexes=["referral_id"],
        named_indexes={"ix_route_chosen": ("chosen_id", "at")},
    )
    table(
        "attachment",
        [
            *row(),
            text("object_table", 32),
            text("object_id", 13),
            text("kind", 32),
            text("sha256", 64),
            whole("size"),
            text("media_type", 32),
            text("made_by_id", 13),
            instant("made_at"),
            instant("removed_at", optional=True),
        ],
        references={"made_by_id": "staff"},
        choices={
            "object_table": ("referral", "visit", "care_card"),
            "kind": ("photo", "voice"),
            "media_type": ("image/jpeg", "image/png", "image/webp", "audio/webm", "audio/mp4"),
        },
        indexes=["object_id", "sha256"],
    )
    table(
        "blob",
        [
            text("object_id", 13),
            text("sha256", 64),
            text("county_id", 13),
            whole("device"),
            whole("size"),
            text("media_type", 32, optional=True),
            instant("begun_at"),
            instant("completed_at", optional=True),
        ],
        key=("object_id", "sha256"),
        choices={
            "media_type": ("image/jpeg", "image/png", "image/webp", "audio/webm", "audio/mp4"),
        },
        indexes=["county_id"],
        named_indexes={"ix_blob_device": ("device", "begun_at")},
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
