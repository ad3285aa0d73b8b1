"""Villages, the rounds that pass them, what they grow, and the market days of their towns."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from shared.domain.fields import Count, Fen, Id, Name, Tag

__all__ = ["Crop", "MarketDay", "Round", "RoundCover", "Village", "VillageCrop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A delivery round (段道) and its postman."""

    TABLE: ClassVar[str] = "round"
    id: Id
    outlet_id: Id
    name: Name
    postman_id: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCover:
    """Somebody who does another's round (顶班) on some days, both included."""

    TABLE: ClassVar[str] = "round_cover"
    id: Id
    round_id: Id
    staff_id: Id
    from_on: dt.date
    to_on: dt.date
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """A village, on a round, with a primary and a backup wealth manager.

    Latitude and longitude are in millionths of a degree, where known.
    """

    TABLE: ClassVar[str] = "village"
    id: Id
    outlet_id: Id
    name: Name
    town: Name
    round_id: Id | None = None
    households: Count = 0
    wealth_manager_id: Id | None = None
    backup_wealth_manager_id: Id | None = None
    latitude_e6: int | None = None
    longitude_e6: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """What is grown: how soon the cash comes after the sale, and what helpers bring along."""

    TABLE: ClassVar[str] = "crop"
    id: Id
    county_id: Id
    name: Name
    cash_days_min: Count
    cash_days_max: Count
    kit: tuple[Tag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageCrop:
    """A crop of a village: the months in which it is sold (1–12), and how much of it."""

    TABLE: ClassVar[str] = "village_crop"
    id: Id
    village_id: Id
    crop_id: Id
    months: tuple[int, ...]
    households: Count
    fen_per_household: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDay:
    """The market days (墟日) of a town: last digits of the lunar day; 10 for the digit 0."""

    TABLE: ClassVar[str] = "market_day"
    id: Id
    county_id: Id
    town: Name
    lunar_digits: tuple[int, ...]
