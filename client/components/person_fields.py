"""Who the customer is: a name or salutation, and a phone number checked while it is typed."""

from __future__ import annotations

import flet as ft

from client.actions.phone import check_phone
from client.components.chips import Option, toggle_chips
from client.components.fields import phone_field, text_field
from client.components.questions import question
from client.components.screen import screen
from client.form import Form
from client.state import use_words
from client.strings import Words

__all__ = ["PersonFields"]

NAME_MAX = 40
SALUTATIONS = 6


@screen
def PersonFields(form: Form, *, show_errors: bool = False, with_name: bool = True) -> ft.Control:
    """Ask for name and number; neither must be given."""
    words = use_words()
    _, set_typed = ft.use_state((form["name"], form["phone"]))

    def type_in(**changes: str) -> None:
        form.type(**changes)
        set_typed((form["name"], form["phone"]))

    salutations = [words(f"salutation.{at}") for at in range(1, SALUTATIONS + 1)]
    name = str(form["name"] or "")
    stem, suffix = _parted(name, salutations)

    def salute(chosen: str) -> None:
        type_in(name=stem if chosen == suffix else f"{stem}{chosen}")

    typed = str(form["phone"] or "")
    check = check_phone(typed)
    said = words(check.key, n=check.digits_missing) if check.key else None
    # While digits are still missing it is a hint; an error once the form was to be saved.
    is_error = said is not None and (show_errors or check.digits_missing == 0)
    return question(
        words("person.title"),
        text_field(
            words("person.name"),
            name,
            lambda text: type_in(name=text[:NAME_MAX]),
            hint=words("person.name_hint"),
            length_max=NAME_MAX,
        )
        if with_name
        else None,
        toggle_chips(
            [Option(one, one) for one in salutations],
            {suffix} if suffix else set(),
            salute,
            name=words("person.salutation"),
        )
        if with_name and name
        else None,
        phone_field(
            words("person.phone"),
            typed,
            lambda text: type_in(phone=text),
            error=said if is_error else None,
            helper=None if is_error else said or _phone_fine(typed, words),
        ),
        hint=words("person.optional"),
    )


def _parted(name: str, salutations: list[str]) -> tuple[str, str | None]:
    for suffix in salutations:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix), suffix
    return name, None


def _phone_fine(typed: str, words: Words) -> str | None:
    return words("phone.whole") if typed.strip() else None
