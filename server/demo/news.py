"""Reading the news: what happened on earlier days has been seen, what is from yesterday has not."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from server.demo.stage import Stage, at_outlet
from shared.domain.notice import Notice, SeeNotice

__all__ = ["read_news"]


def read_news(stage: Stage) -> None:
    """Let everybody look at what is older than a day; it is sent with what they record next."""
    yesterday = stage.today - dt.timedelta(days=1)
    older: defaultdict[str, list[str]] = defaultdict(list)
    for notice in stage.rows().where(Notice):
        if notice.seen_at is None and notice.at < at_outlet(yesterday, 0):
            older[notice.for_id].append(notice.id)
    for phone in stage.phones.values():
        if ids := older[phone.staff.id]:
            phone.record("see_notice", SeeNotice(ids=tuple(ids)), at_outlet(yesterday, 21))
