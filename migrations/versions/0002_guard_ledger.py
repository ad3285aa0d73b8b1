"""Guard the ledger: triggers refuse what no code of ours would do.

Constraints of columns came with the tables; here is what compares a row with other rows, and what
keeps every row as it was. SQLite's REPLACE deletes without asking the DELETE trigger, so its
INSERT trigger refuses keys that exist. One key is ignored instead: the award's own, so that
`ON CONFLICT (award, revision, payee_id) DO NOTHING` still means "already paid".

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What a new transfer must not be: a reason, and the SQL that finds it (NEW is the transfer).
REFUSALS = {
    "the chain does not end there": """
        NEW.number <> 1 + (
            SELECT coalesce(max(head.number), 0) FROM ledger_entry AS head
            WHERE head.county_id = NEW.county_id)
        OR NEW.previous_hash <> coalesce((
            SELECT head.hash FROM ledger_entry AS head
            WHERE head.county_id = NEW.county_id ORDER BY head.number DESC LIMIT 1),
            '0000000000000000000000000000000000000000000000000000000000000000')""",
    # SQLite would keep any text or fraction in a column of whole numbers.
    "points are whole": "NEW.points <> CAST(NEW.points AS INTEGER)",
    "a period is a month": """
        length(NEW.period) <> 7 OR NEW.period NOT BETWEEN '2000-01' AND '2999-12'
        OR substr(NEW.period, 5, 1) <> '-' OR substr(NEW.period, 6) NOT BETWEEN '01' AND '12'""",
    "the period is closed": """
        EXISTS (
            SELECT 1 FROM settlement_period AS closed
            WHERE closed.county_id = NEW.county_id AND closed.period >= NEW.period
            AND closed.status IN ('locked', 'exported', 'paid'))""",
    "a reversal mirrors its target": """
        NEW.kind = 'reversal' AND NOT EXISTS (
            SELECT 1 FROM ledger_entry AS target
            WHERE target.id = NEW.reverses_id AND target.kind = 'award'
            AND target.county_id = NEW.county_id AND target.award = NEW.award
            AND target.payee_id = NEW.payee_id AND target.points = NEW.points
            AND target.revision < NEW.revision
            AND target.debit_account = NEW.credit_account
            AND target.credit_account = NEW.debit_account)""",
    "the award stands already": """
        NEW.kind = 'award' AND EXISTS (
            SELECT 1 FROM ledger_entry AS standing
            WHERE standing.award = NEW.award AND standing.kind = 'award'
            AND standing.revision <> NEW.revision
            AND NOT EXISTS (
                SELECT 1 FROM ledger_entry AS reversal
                WHERE reversal.reverses_id = standing.id))""",
}
KEY_EXISTS = """EXISTS (
    SELECT 1 FROM ledger_entry AS same
    WHERE same.award = NEW.award AND same.revision = NEW.revision
    AND same.payee_id = NEW.payee_id)"""
OTHER_KEY_EXISTS = """EXISTS (
    SELECT 1 FROM ledger_entry AS same
    WHERE same.id = NEW.id OR same.hash = NEW.hash OR same.reverses_id = NEW.reverses_id)"""

# A month only moves on; from the lock on it never takes anything again.
STAGE = """CASE {row}.status WHEN 'open' THEN 0 WHEN 'cut_off' THEN 1 WHEN 'in_review' THEN 2
    WHEN 'locked' THEN 3 WHEN 'exported' THEN 4 WHEN 'paid' THEN 5 END"""
PERIOD_GOES_BACK = f"""
    NEW.county_id <> OLD.county_id OR NEW.period <> OLD.period
    OR ({STAGE.format(row="OLD")} >= 3 AND {STAGE.format(row="NEW")} < {STAGE.format(row="OLD")})"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("ledger_entry", "settlement_period"):
            for moment in ("insert", "update", "delete", "truncate"):
                op.execute(f"DROP TRIGGER IF EXISTS {table}_{moment} ON {table}")
            op.execute(f"DROP FUNCTION IF EXISTS {table}_guard()")
        return
    for name in (
        *("ledger_entry_insert", "ledger_entry_update", "ledger_entry_delete"),
        *("settlement_period_insert", "settlement_period_update", "settlement_period_delete"),
    ):
        op.execute(f"DROP TRIGGER IF EXISTS {name}")


def _guard_sqlite() -> None:
    refusals = "\n".join(
        f"SELECT RAISE(ABORT, 'ledger: {reason}') WHERE {found};"
        for reason, found in {"the row exists": OTHER_KEY_EXISTS, **REFUSALS}.items()
    )
    op.execute(f"""
        CREATE TRIGGER ledger_entry_insert BEFORE INSERT ON ledger_entry BEGIN
            SELECT RAISE(IGNORE) WHERE {KEY_EXISTS};
            {refusals}
        END""")
    for moment in ("UPDATE", "DELETE"):
        op.execute(f"""
            CREATE TRIGGER ledger_entry_{moment.lower()} BEFORE {moment} ON ledger_entry BEGIN
                SELECT RAISE(ABORT, 'ledger: rows stay as they are');
            END""")
    op.execute("""
        CREATE TRIGGER settlement_period_insert BEFORE INSERT ON settlement_period
        WHEN EXISTS (
            SELECT 1 FROM settlement_period AS same
            WHERE same.county_id = NEW.county_id AND same.period = NEW.period)
        BEGIN SELECT RAISE(ABORT, 'ledger: the period exists'); END""")
    op.execute(f"""
        CREATE TRIGGER settlement_period_update BEFORE UPDATE ON settlement_period
        WHEN {PERIOD_GOES_BACK}
        BEGIN SELECT RAISE(ABORT, 'ledger: a closed period stays closed'); END""")
    op.execute("""
        CREATE TRIGGER settlement_period_delete BEFORE DELETE ON settlement_period
        BEGIN SELECT RAISE(ABORT, 'ledger: a period stays'); END""")


def _guard_postgresql() -> None:
    refusals = "\n".join(
        f"IF {found} THEN RAISE EXCEPTION 'ledger: {reason}' USING ERRCODE = '23514'; END IF;"
        for reason, found in REFUSALS.items()
    )
    # A key that exists is left to ON CONFLICT and to the constraints.
    op.execute(f"""
        CREATE FUNCTION ledger_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                RAISE EXCEPTION 'ledger: rows stay as they are' USING ERRCODE = '23514';
            END IF;
            IF {KEY_EXISTS} THEN RETURN NEW; END IF;
            {refusals}
            RETURN NEW;
        END $guard$""")
    op.execute(f"""
        CREATE FUNCTION settlement_period_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
        BEGIN
            IF TG_OP <> 'UPDATE' THEN
                RAISE EXCEPTION 'ledger: a period stays' USING ERRCODE = '23514';
            END IF;
            IF {PERIOD_GOES_BACK} THEN
                RAISE EXCEPTION 'ledger: a closed period stays closed' USING ERRCODE = '23514';
            END IF;
            RETURN NEW;
        END $guard$""")
    for table, moments in (
        ("ledger_entry", ("INSERT", "UPDATE", "DELETE")),
        ("settlement_period", ("UPDATE", "DELETE")),
    ):
        for moment in moments:
            op.execute(f"""
                CREATE TRIGGER {table}_{moment.lower()} BEFORE {moment} ON {table}
                FOR EACH ROW EXECUTE FUNCTION {table}_guard()""")
        op.execute(f"""
            CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION {table}_guard()""")
