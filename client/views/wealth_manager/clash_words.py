"""What does not fit on a day, in a sentence."""

from __future__ import annotations

from client.strings import Words
from client.views.desk.naming import staff_name
from shared.domain.day_plan import Clash
from shared.domain.rows import Rows

__all__ = ["clash_line"]


def clash_line(rows: Rows, clash: Clash, words: Words) -> str:
    """Return the sentence for *clash*."""
    return words(f"clash.{clash.kind}", name=staff_name(rows, clash.staff_id, words))
