"""Customers, their phone numbers and consents."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, TupleOf, reference
from shared.domain import customer
from shared.domain.customer import CustomerKind
from shared.domain.fields import Id, Name, Note, Phone, Tag


class CustomerModel(RowModel):
    """A customer: a name or salutation and where they live; nothing sensitive."""

    __tablename__ = "customer"
    ROW = customer.Customer

    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"), index=True)
    name: Mapped[Name]
    kind: Mapped[CustomerKind]
    village_id: Mapped[Id | None] = mapped_column(reference("village.id"), index=True)
    managing_id: Mapped[Id | None] = mapped_column(reference("staff.id"))
    cues: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str))
    erased_at: Mapped[dt.datetime | None] = mapped_column(index=True)


class CustomerContactModel(RowModel):
    """A customer's phone number; it leaves every device after `expires_on`."""

    __tablename__ = "customer_contact"
    ROW = customer.CustomerContact
    __table_args__ = (sa.UniqueConstraint("customer_id"),)

    customer_id: Mapped[Id] = mapped_column(reference("customer.id"))
    phone: Mapped[Phone] = mapped_column(index=True)
    expires_on: Mapped[dt.date] = mapped_column(index=True)


class ConsentModel(RowModel):
    """What the customer agreed to, after the text of that version was read aloud."""

    __tablename__ = "consent"
    ROW = customer.Consent

    customer_id: Mapped[Id] = mapped_column(reference("customer.id"), index=True)
    text_version: Mapped[Tag]
    purposes: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str))
    how: Mapped[Tag]
    given_at: Mapped[dt.datetime]
    expires_on: Mapped[dt.date]
    withdrawn_at: Mapped[dt.datetime | None]


class ContactRevealModel(RowModel):
    """A branch head's look at a customer's phone number: logged, and over after an hour."""

    __tablename__ = "contact_reveal"
    ROW = customer.ContactReveal

    contact_id: Mapped[Id] = mapped_column(index=True)
    by_id: Mapped[Id] = mapped_column(reference("staff.id"))
    at: Mapped[dt.datetime]
    reason: Mapped[Note]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
