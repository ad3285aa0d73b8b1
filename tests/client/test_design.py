"""What is read outdoors is readable: contrast of every pair of roles, in every theme."""

from __future__ import annotations

import pytest

from client.design import DARK, LIGHT, SUNLIGHT, TARGET, Palette, contrast, theme

READABLE = 4.5
READABLE_OUTDOORS = 7.0
VISIBLE_EDGE = 3.0
READABLE_AT_NOON = 14.0
PALETTES = [LIGHT, DARK, SUNLIGHT]
GROUNDS = ("surface", "surface_container_lowest", "surface_container_high")


@pytest.mark.parametrize("palette", PALETTES, ids=["light", "dark", "sunlight"])
@pytest.mark.parametrize("role", ["primary", "secondary", "tertiary", "error"])
def test_ink_of_each_role_is_readable_on_its_ground(palette: Palette, role: str) -> None:
    for ground, ink in ((role, f"on_{role}"), (f"{role}_container", f"on_{role}_container")):
        assert contrast(getattr(palette, ground), getattr(palette, ink)) >= READABLE_OUTDOORS
    for ground in ("surface", "surface_container_lowest"):
        assert contrast(getattr(palette, ground), getattr(palette, role)) >= READABLE


@pytest.mark.parametrize("palette", PALETTES, ids=["light", "dark", "sunlight"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_is_readable_outdoors_and_edges_are_visible(palette: Palette, ground: str) -> None:
    on = getattr(palette, ground)
    assert contrast(on, palette.on_surface) >= READABLE_OUTDOORS
    assert contrast(on, palette.on_surface_variant) >= READABLE_OUTDOORS
    assert contrast(on, palette.outline) >= VISIBLE_EDGE


@pytest.mark.parametrize("ground", GROUNDS)
def test_sunlight_spares_no_contrast(ground: str) -> None:
    on = getattr(SUNLIGHT, ground)
    assert contrast(on, SUNLIGHT.on_surface_variant) >= READABLE_AT_NOON
    assert contrast(on, SUNLIGHT.on_surface) >= READABLE_AT_NOON
    # Hairlines are edges here: a shade of grey is lost in the glare.
    assert contrast(on, SUNLIGHT.outline_variant) >= READABLE_OUTDOORS


def test_contrast_is_that_of_the_guideline() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def test_large_type_reaches_every_text_style() -> None:
    normal, large = theme(LIGHT).text_theme, theme(LIGHT, 1.25).text_theme
    assert normal is not None
    assert large is not None
    for name in ("body_medium", "label_medium", "title_large"):
        assert getattr(large, name).size > getattr(normal, name).size


def test_touch_target_is_no_smaller_than_a_finger() -> None:
    assert TARGET >= 48
