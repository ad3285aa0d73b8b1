"""Every mutation that a phone may send, by name; append-only, for old phones live for months."""

from __future__ import annotations

from shared.domain import (
    attachment_changes,
    care_card_changes,
    customer,
    erasure,
    harvest_changes,
    notice,
    organisation,
    points_changes,
    referral_changes,
    visit_changes,
)
from shared.domain.mutation import Mutation
from shared.wire.schemas import load_dataclass

__all__ = ["MUTATIONS", "UnknownMutationError", "load_args", "mutation_named"]

MUTATIONS: dict[str, Mutation] = {
    mutation.name: mutation
    for mutation in (
        *referral_changes.MUTATIONS,
        *harvest_changes.MUTATIONS,
        *care_card_changes.MUTATIONS,
        *visit_changes.MUTATIONS,
        *notice.MUTATIONS,
        *customer.MUTATIONS,
        *organisation.MUTATIONS,
        *points_changes.MUTATIONS,
        *attachment_changes.MUTATIONS,
        *erasure.MUTATIONS,
    )
}


class UnknownMutationError(ValueError):
    """A mutation, or a version of one, that this side does not know."""


def mutation_named(name: str, version: int) -> Mutation:
    """Return the mutation of that name.

    Raises:
        UnknownMutationError: No such name, or a version newer than this side knows.
    """
    mutation = MUTATIONS.get(name)
    if mutation is None or not 1 <= version <= mutation.version:
        raise UnknownMutationError(name, version)
    return mutation


def load_args(mutation: Mutation, values: object) -> object:
    """Return the arguments of *mutation* as its frozen dataclass.

    Raises:
        InvalidFieldsError: With the codes of each field.
    """
    return load_dataclass(mutation.args, values)
