"""What an erasure leaves of a customer; that it reaches every copy, tests/server sees."""

from __future__ import annotations

import datetime as dt

from shared.domain.customer import ERASED_TEXT, ContactReveal, contact_id_of
from shared.domain.erasure import EraseCustomer, ErasureReason, erase_customer
from tests.shared.domain.county import CUSTOMER, HEAD, MOMENT, NOW, actor, county, id_of


def test_why_a_number_was_looked_at_is_erased_though_the_number_has_gone_before() -> None:
    reveal = ContactReveal(
        id=id_of("reveal"),
        contact_id=contact_id_of(CUSTOMER.id),
        by_id=HEAD.id,
        at=NOW,
        reason="金丝雀阿九托人来问",
        expires_at=NOW + dt.timedelta(hours=1),
    )
    rows = county(reveal)
    order = EraseCustomer(
        id=id_of("erasure"), customer_id=CUSTOMER.id, reason=ErasureReason.TIME_OVER
    )

    rows.keep(erase_customer(rows, order, actor(HEAD), MOMENT))

    assert rows.only(ContactReveal).reason == ERASED_TEXT
