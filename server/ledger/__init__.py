"""The append-only double-entry ledger (ADR-0007): one row is one balanced transfer of points."""
