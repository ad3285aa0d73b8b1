"""Duplicates (PRODUCT §6): the same customer, the same need, captured twice; who was first.

Nothing is merged here. A suspicion holds the later arrival for the branch head, who sees the
verdict and its reason; what is provable is said, what is not is shared by default.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.domain.policy import Policy
from shared.domain.referral import Need
from shared.ids import SERVER_DEVICE_NUMBER, parse_id

__all__ = [
    "Capture",
    "Captured",
    "HeldReason",
    "Likeness",
    "Order",
    "Person",
    "Suspicion",
    "compare_people",
    "compare_times",
    "names_are_compatible",
    "suspect",
]


class Likeness(StrEnum):
    """How much two descriptions of a customer have in common."""

    SAME = "same"  # One phone number, compatible names.
    SHARED_PHONE = "shared_phone"  # One number, two names: families share phones.
    NAMESAKE = "namesake"  # A suggestion only: villages of one surname are common.
    DIFFERENT = "different"


class Order(StrEnum):
    """Which of two captures was first, as far as it can be proved."""

    EARLIER = "earlier"
    LATER = "later"
    OVERLAPPING = "overlapping"


class HeldReason(StrEnum):
    """Why a lead is held for the branch head."""

    SHARED_PHONE = "shared_phone"
    CAPTURED_LATER = "captured_later"
    CAPTURED_EARLIER = "captured_earlier"  # The other one came in first and was acted upon.
    OVERLAPPING_PROOFS = "overlapping_proofs"
    OPEN_WITH_MANAGER = "open_with_manager"  # The managing wealth manager was on it already.


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known of a customer; `phone` in E.164, or whatever stands for it, equal for equal.

    Two leads of the same `customer_id` are about the same customer, whatever the names say.
    """

    customer_id: str
    name: str
    phone: str | None = None
    village_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A lead as far as duplicates matter; the two instants bound its capture, provably."""

    id: str
    person: Person
    need: Need
    referrer_id: str
    captured_from: dt.datetime
    captured_to: dt.datetime
    open_with_manager: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Why a lead may be a duplicate, and of which other one (None: of none that is a lead)."""

    held_for_id: str | None
    reason: HeldReason


def suspect(new: Capture, others: Sequence[Capture], policy: Policy) -> Suspicion | None:
    """Return the gravest suspicion against *new*, or None when it may be routed.

    Args:
        new: The lead that has just arrived.
        others: Leads that came in before and still count, of any age, customer and need.
        policy: The rules of the day of the capture.
    """
    window = dt.timedelta(days=policy.duplicate_window_days)
    found = []
    for other in others:
        apart = max(
            new.captured_from - other.captured_to,
            other.captured_from - new.captured_to,
            dt.timedelta(),
        )
        # A managed customer's open item counts however old it is; all else within the window.
        if other.need is new.need and (apart <= window or other.open_with_manager):
            reason = _reason(new, other)
            if reason is not None:
                found.append((_GRAVITY.index(reason), other.captured_from, other.id, reason))
    if not found:
        return None
    _, _, other_id, reason = min(found)
    return Suspicion(held_for_id=other_id, reason=reason)


_GRAVITY = (
    HeldReason.OPEN_WITH_MANAGER,
    HeldReason.CAPTURED_LATER,
    HeldReason.OVERLAPPING_PROOFS,
    HeldReason.CAPTURED_EARLIER,
    HeldReason.SHARED_PHONE,
)


def _reason(new: Capture, other: Capture) -> HeldReason | None:
    likeness = compare_people(new.person, other.person)
    if likeness is Likeness.SHARED_PHONE:
        return HeldReason.SHARED_PHONE
    if likeness is not Likeness.SAME:
        return None
    order = compare_times(new, other)
    if other.open_with_manager and order is Order.LATER:
        return HeldReason.OPEN_WITH_MANAGER
    return {
        Order.EARLIER: HeldReason.CAPTURED_EARLIER,
        Order.LATER: HeldReason.CAPTURED_LATER,
        Order.OVERLAPPING: HeldReason.OVERLAPPING_PROOFS,
    }[order]


class Captured(Protocol):
    """Anything with an id that a device made, and a provable interval of its capture."""

    @property
    def id(self) -> str:
        """The id; it says which device made it, and by which op."""
        ...

    @property
    def captured_from(self) -> dt.datetime:
        """The earliest possible instant of the capture."""
        ...

    @property
    def captured_to(self) -> dt.datetime:
        """The latest possible instant of the capture."""
        ...


def compare_times(one: Captured, other: Captured) -> Order:
    """Tell whether *one* was captured earlier or later than *other*, if that can be proved.

    On one device the sequence number orders (it stands in the id), whatever its clock said.
    """
    mine, theirs = parse_id(one.id), parse_id(other.id)
    if mine.device_number == theirs.device_number != SERVER_DEVICE_NUMBER:
        return Order.EARLIER if mine.sequence < theirs.sequence else Order.LATER
    if one.captured_to < other.captured_from:
        return Order.EARLIER
    if other.captured_to < one.captured_from:
        return Order.LATER
    return Order.OVERLAPPING


def compare_people(one: Person, other: Person) -> Likeness:
    """Tell how alike two customers are."""
    if one.customer_id == other.customer_id:
        return Likeness.SAME
    if one.phone is not None and one.phone == other.phone:
        compatible = names_are_compatible(one.name, other.name)
        return Likeness.SAME if compatible else Likeness.SHARED_PHONE
    if (
        one.village_id is not None
        and one.village_id == other.village_id
        and _plain(one.name) == _plain(other.name)
    ):
        return Likeness.NAMESAKE
    return Likeness.DIFFERENT


def names_are_compatible(one: str, other: str) -> bool:
    """Tell whether two names or salutations can be one person's: 陈大文, 陈叔, 老陈, 大文.

    A salutation has a surname or a given name alone; two full names must be equal, or one the
    other's given name. 陈叔 and 陈婶 share a surname and a phone, and are two people.
    """
    mine, theirs = _read(one), _read(other)
    if mine.is_male is not None and theirs.is_male is not None and mine.is_male != theirs.is_male:
        return False
    shorter, longer = sorted((mine.core, theirs.core), key=len)
    if mine.core == theirs.core:
        return True
    if len(shorter) >= _GIVEN_NAME_LENGTH_MIN and longer.endswith(shorter):
        return True
    if mine.surname is not None and theirs.surname is not None:
        return mine.surname == theirs.surname
    return mine.begins(theirs) or theirs.begins(mine)


@dataclass(frozen=True, slots=True)
class _Name:
    """A name without its form of address; that may say whether it is a man's or a woman's.

    `surname` is what a salutation has instead of a name; 小红 may be one, or a given name.
    """

    core: str
    surname: str | None = None
    is_male: bool | None = None

    def begins(self, other: _Name) -> bool:
        """Tell whether this is a salutation by the surname of *other*."""
        return self.surname is not None and other.core.startswith(self.surname)


_GIVEN_NAME_LENGTH_MIN = 2
_SURNAME_LENGTH_MAX = 2  # 欧阳, 司徒 and the like.
_FAMILIAR_LENGTH = 2
_FAMILIAR_PREFIXES = ("老", "小", "阿")
_FORMS_OF_ADDRESS: dict[bool | None, tuple[str, ...]] = {
    True: ("先生", "大叔", "大伯", "大爷", "大哥", "叔", "伯", "爷", "哥"),
    False: (
        *("女士", "小姐", "太太", "阿姨", "大妈", "大婶", "大姐"),
        *("姨", "婶", "姐", "嫂", "妈", "奶"),
    ),
    None: ("师傅", "老板", "老师"),
}


def _read(name: str) -> _Name:
    plain = _plain(name)
    for is_male, forms in _FORMS_OF_ADDRESS.items():
        for form in forms:
            if plain.endswith(form) and plain != form:
                core = plain.removesuffix(form)
                surname = core if len(core) <= _SURNAME_LENGTH_MAX else None
                return _Name(core, surname, is_male)
    if plain.startswith(_FAMILIAR_PREFIXES) and len(plain) == _FAMILIAR_LENGTH:
        return _Name(plain, plain[1:])
    return _Name(plain)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
