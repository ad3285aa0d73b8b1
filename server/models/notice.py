"""Notices."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, reference
from shared.domain import notice
from shared.domain.fields import Id, Tag
from shared.domain.notice import NoticeKind


class NoticeModel(RowModel):
    """One thing for one person; `object_table` and `object_id` say what it is about."""

    __tablename__ = "notice"
    ROW = notice.Notice

    for_id: Mapped[Id] = mapped_column(reference("staff.id"), index=True)
    kind: Mapped[NoticeKind]
    object_table: Mapped[Tag]
    object_id: Mapped[Id]
    at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime | None]
