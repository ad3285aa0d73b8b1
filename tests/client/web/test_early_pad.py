"""The pad of the first paint says what the app's own pad says; what it does, the browser shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import client.web.build
from client.components.pin_pad import PIN_LENGTH
from client.design import LIGHT
from client.strings import Language, Words

SITE = Path(client.web.build.__file__).with_name("site")
PAGE = (SITE / "index.html").read_text("utf-8")
SCRIPT = (SITE / "early_pad.js").read_text("utf-8")
WORDS = Words(Language.CHINESE)


@pytest.mark.parametrize(
    "key", ["app.name", "pin.enter", "pin.delete", "pin.forgotten", "start.opening"]
)
def test_pad_uses_the_words_of_the_app(key: str) -> None:
    assert re.search(f'[>"]{re.escape(WORDS(key))}[<"]', PAGE)


def test_dots_are_read_aloud_alike() -> None:
    said = WORDS("pin.dots", n="${typed.length}", of="${LENGTH}")
    assert f"`{said}`" in SCRIPT
    assert f"const LENGTH = {PIN_LENGTH};" in SCRIPT


@pytest.mark.parametrize(
    "role", ["primary", "surface", "on_surface", "on_surface_variant", "outline", "outline_variant"]
)
def test_pad_has_the_colours_of_the_app_by_day(role: str) -> None:
    assert getattr(LIGHT, role).lower() in PAGE
