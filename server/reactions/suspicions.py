"""Looking for the earlier lead that a new one may repeat."""

from __future__ import annotations

from collections.abc import Iterable

from server.mutations.transaction import Transaction
from server.reactions.phone_numbers import e164, spellings
from server.rows import DatabaseRows
from shared.domain.care_card import CareCard, CareStatus
from shared.domain.customer import Customer, CustomerContact, contact_id_of
from shared.domain.duplicates import Capture, HeldReason, Person, Suspicion, suspect
from shared.domain.policy import Policy
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import demand

__all__ = ["foresee_phones", "suspicion_against"]

_WITHOUT_CLAIM = frozenset({ReferralStatus.VOID, ReferralStatus.WITHDRAWN, ReferralStatus.JOINED})
_WITH_MANAGER = frozenset(
    {
        *(ReferralStatus.ACCEPTED, ReferralStatus.HANDED_OVER),
        *(ReferralStatus.VISIT_SET, ReferralStatus.MET),
    }
)
_FOLLOWED_UP = frozenset({CareStatus.OPEN, CareStatus.INVITED})


def foresee_phones(rows: DatabaseRows, phones: Iterable[str]) -> None:
    """Ask at once who of the county gave one of *phones*, however they were written."""
    rows.prime(CustomerContact, "phone", {one for phone in phones for one in spellings(phone)})


def suspicion_against(tx: Transaction, referral: Referral, policy: Policy) -> Suspicion | None:
    """Return why *referral* may repeat an earlier lead of the county, or None."""
    customer = demand(tx.rows, Customer, referral.customer_id)
    people = [_person(tx, customer), *_sharing_phone(tx, customer)]
    others = (
        other
        for person in people
        for other in tx.rows.where(Referral, customer_id=person.customer_id, need=referral.need)
        if _counts_against(tx, other, referral)
    )
    by_customer = {person.customer_id: person for person in people}
    found = suspect(
        _capture(referral, by_customer, customer),
        [_capture(other, by_customer, customer) for other in others],
        policy,
    )
    if found is not None:
        return found
    card = _managers_card(tx, customer, referral)
    if card is not None:
        return Suspicion(held_for_id=card.referral_id, reason=HeldReason.OPEN_WITH_MANAGER)
    return None


def _counts_against(tx: Transaction, other: Referral, referral: Referral) -> bool:
    if other.id == referral.id or other.status in _WITHOUT_CLAIM:
        return False
    # What is held for this very lead waits for it, and not the other way round.
    return other.held_for_id != referral.id and other.id != _origin_id(tx, referral)


def _origin_id(tx: Transaction, referral: Referral) -> str | None:
    """Return the lead whose care card this one was made of: it goes on, it is not repeated."""
    if referral.care_card_id is None:
        return None
    card = tx.rows.get(CareCard, referral.care_card_id)
    return None if card is None else card.referral_id


def _person(tx: Transaction, customer: Customer) -> Person:
    contact = tx.rows.get(CustomerContact, contact_id_of(customer.id))
    return Person(
        customer_id=customer.id,
        name=customer.name,
        phone=None if contact is None else e164(contact.phone),
        village_id=customer.village_id,
    )


def _sharing_phone(tx: Transaction, customer: Customer) -> Iterable[Person]:
    """Return the other customers of the county who gave the same phone number."""
    contact = tx.rows.get(CustomerContact, contact_id_of(customer.id))
    if contact is None:
        return
    sharing = {
        other.customer_id
        for spelling in spellings(contact.phone)
        for other in tx.rows.where(CustomerContact, phone=spelling)
    }
    for customer_id in sorted(sharing - {customer.id}):
        yield _person(tx, demand(tx.rows, Customer, customer_id))


def _capture(referral: Referral, people: dict[str, Person], customer: Customer) -> Capture:
    with_manager = (
        customer.managing_id is not None
        and referral.wealth_manager_id == customer.managing_id
        and referral.status in _WITH_MANAGER
    )
    return Capture(
        id=referral.id,
        person=people[referral.customer_id],
        need=referral.need,
        referrer_id=referral.referrer_id,
        captured_from=referral.captured_from,
        captured_to=referral.captured_to,
        open_with_manager=with_manager,
    )


def _managers_card(tx: Transaction, customer: Customer, referral: Referral) -> CareCard | None:
    """Return a care card on which the managing wealth manager follows up this need already."""
    if customer.managing_id is None or customer.managing_id == referral.referrer_id:
        return None
    for card in tx.rows.where(
        CareCard, customer_id=customer.id, owner_id=customer.managing_id, need=referral.need
    ):
        if card.status in _FOLLOWED_UP and card.opened_at < referral.captured_from:
            return card
    return None
