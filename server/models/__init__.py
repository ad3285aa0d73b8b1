"""All tables. Importing the package registers every model in `MODELS`."""

from server.models import (
    attachment,
    care_card,
    customer,
    erasure,
    harvest,
    ledger,
    notice,
    people,
    points,
    policy,
    referral,
    routing,
    sync,
    village,
    visit,
)
from server.models.base import MODELS, Base, RowModel, db, model_of

__all__ = [
    "MODELS",
    "Base",
    "RowModel",
    "attachment",
    "care_card",
    "customer",
    "db",
    "erasure",
    "harvest",
    "ledger",
    "model_of",
    "notice",
    "people",
    "points",
    "policy",
    "referral",
    "routing",
    "sync",
    "village",
    "visit",
]
