"""The look of the app: colour roles, type scale, spacing, targets, the width of a phone.

Earth and leaf colours that can be read in the sun. Controls name roles (`INK`, `LEAF`), never
colours, so that a theme changes all of them at once; docs/design.md says when to use which.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import flet as ft

__all__ = [
    "CARD",
    "DARK",
    "EARTH",
    "GAP",
    "GAP_L",
    "GAP_S",
    "GAP_XL",
    "GAP_XS",
    "INK",
    "INK_SOFT",
    "LARGE_TYPE",
    "LEAF",
    "LIGHT",
    "LINE",
    "LINE_SOFT",
    "ON_LEAF",
    "PAGE_WIDTH_LEAST",
    "PAGE_WIDTH_MAX",
    "PAPER",
    "PHONE_WIDTH_MAX",
    "PRESSED",
    "RADIUS",
    "RADIUS_S",
    "SUNLIGHT",
    "TARGET",
    "TONES",
    "WARN",
    "Palette",
    "Tone",
    "contrast",
    "theme",
]

# Colour roles: what a control asks for.
INK = ft.Colors.ON_SURFACE  # Text.
INK_SOFT = ft.Colors.ON_SURFACE_VARIANT  # What explains the text.
PAPER = ft.Colors.SURFACE  # Behind everything.
CARD = ft.Colors.SURFACE_CONTAINER_LOWEST  # What stands on the paper.
PRESSED = ft.Colors.SURFACE_CONTAINER_HIGH  # Bars, pressed and empty places.
LINE = ft.Colors.OUTLINE  # The edge of something that can be touched.
LINE_SOFT = ft.Colors.OUTLINE_VARIANT  # A hairline between things.
LEAF = ft.Colors.PRIMARY  # The one thing to do; what is chosen.
ON_LEAF = ft.Colors.ON_PRIMARY
EARTH = ft.Colors.SECONDARY  # Harvest and calendar.
WARN = ft.Colors.ERROR

# Spacing and shape, in logical pixels.
GAP_XS = 4
GAP_S = 8
GAP = 12
GAP_L = 16
GAP_XL = 24
RADIUS_S = 10
RADIUS = 16
TARGET = 48  # The least side of anything that is touched; gloves need no less.

LARGE_TYPE = 1.25  # How much larger the large-type setting writes.

PHONE_WIDTH_MAX = 699  # From 700 on: a rail at the side instead of a bar at the bottom.
PAGE_WIDTH_MAX = 760  # Longer lines than this are hard to read on a desk.
PAGE_WIDTH_LEAST = 320  # No phone in use is narrower.


@dataclass(frozen=True, slots=True)
class Tone:
    """A ground and the ink that is readable on it."""

    ground: ft.ColorValue
    ink: ft.ColorValue


TONES = {
    "plain": Tone(ft.Colors.SURFACE_CONTAINER_HIGH, ft.Colors.ON_SURFACE),
    "good": Tone(ft.Colors.PRIMARY_CONTAINER, ft.Colors.ON_PRIMARY_CONTAINER),
    "harvest": Tone(ft.Colors.SECONDARY_CONTAINER, ft.Colors.ON_SECONDARY_CONTAINER),
    "wait": Tone(ft.Colors.TERTIARY_CONTAINER, ft.Colors.ON_TERTIARY_CONTAINER),
    "bad": Tone(ft.Colors.ERROR_CONTAINER, ft.Colors.ON_ERROR_CONTAINER),
}
"""What a badge or a banner says before it is read: wait is "not yet", bad is "needs you"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours behind the roles; every pair reaches 4.5 : 1, text on paper and card 7 : 1."""

    primary: str
    on_primary: str
    primary_container: str
    on_primary_container: str
    secondary: str
    on_secondary: str
    secondary_container: str
    on_secondary_container: str
    tertiary: str
    on_tertiary: str
    tertiary_container: str
    on_tertiary_container: str
    error: str
    on_error: str
    error_container: str
    on_error_container: str
    surface: str
    on_surface: str
    on_surface_variant: str
    surface_container_lowest: str
    surface_container_low: str
    surface_container: str
    surface_container_high: str
    surface_container_highest: str
    outline: str
    outline_variant: str
    inverse_surface: str
    on_inverse_surface: str
    inverse_primary: str


LIGHT = Palette(
    primary="#0B5D3B",
    on_primary="#FFFFFF",
    primary_container="#D2EBDA",
    on_primary_container="#00331D",
    secondary="#6A4A1E",
    on_secondary="#FFFFFF",
    secondary_container="#F4E5C8",
    on_secondary_container="#3B2606",
    tertiary="#7A4300",
    on_tertiary="#FFFFFF",
    tertiary_container="#FFE1AE",
    on_tertiary_container="#452500",
    error="#9B1F15",
    on_error="#FFFFFF",
    error_container="#FBDCD6",
    on_error_container="#5A0D06",
    surface="#F6F4EC",
    on_surface="#1A1C18",
    on_surface_variant="#43453D",
    surface_container_lowest="#FFFFFF",
    surface_container_low="#FBFAF5",
    surface_container="#F0EDE2",
    surface_container_high="#E9E5D8",
    surface_container_highest="#E2DECF",
    outline="#74766A",
    outline_variant="#D8D4C5",
    inverse_surface="#2E312B",
    on_inverse_surface="#F4F2E9",
    inverse_primary="#93DBB3",
)

DARK = Palette(
    primary="#8ED6AE",
    on_primary="#00301B",
    primary_container="#144D33",
    on_primary_container="#D2EBDA",
    secondary="#E2C68F",
    on_secondary="#3A2706",
    secondary_container="#4F3A15",
    on_secondary_container="#F8E7C6",
    tertiary="#FFC46B",
    on_tertiary="#442600",
    tertiary_container="#5C3800",
    on_tertiary_container="#FFE3B6",
    error="#FFB4A8",
    on_error="#5F0A04",
    error_container="#7E1910",
    on_error_container="#FFE3DE",
    surface="#12140F",
    on_surface="#ECEBE2",
    on_surface_variant="#CBCABD",
    surface_container_lowest="#1C1F19",
    surface_container_low="#191C16",
    surface_container="#20231C",
    surface_container_high="#2A2D26",
    surface_container_highest="#353830",
    outline="#96978A",
    outline_variant="#45483F",
    inverse_surface="#ECEBE2",
    on_inverse_surface="#2E312B",
    inverse_primary="#0B5D3B",
)

# Outdoors at noon the screen is a mirror: black on white, and nothing that only a shade tells.
SUNLIGHT = Palette(
    primary="#00351D",
    on_primary="#FFFFFF",
    primary_container="#E2FBEA",
    on_primary_container="#00210F",
    secondary="#3D2600",
    on_secondary="#FFFFFF",
    secondary_container="#FFF6DC",
    on_secondary_container="#241600",
    tertiary="#4A2600",
    on_tertiary="#FFFFFF",
    tertiary_container="#FFEFB8",
    on_tertiary_container="#2B1600",
    error="#6E0800",
    on_error="#FFFFFF",
    error_container="#FFE9E5",
    on_error_container="#420400",
    surface="#FFFFFF",
    on_surface="#000000",
    on_surface_variant="#1C1C1C",
    surface_container_lowest="#FFFFFF",
    surface_container_low="#FFFFFF",
    surface_container="#FFFFFF",
    surface_container_high="#F0F0F0",
    surface_container_highest="#E6E6E6",
    outline="#000000",
    outline_variant="#4A4A4A",
    inverse_surface="#000000",
    on_inverse_surface="#FFFFFF",
    inverse_primary="#B8F2D0",
)

_SIZES = {  # Text style of the theme: size, weight, height of a line.
    "display_small": (34, ft.FontWeight.W_700, 1.2),
    "headline_small": (24, ft.FontWeight.W_700, 1.3),
    "title_large": (20, ft.FontWeight.W_600, 1.35),
    "title_medium": (17, ft.FontWeight.W_600, 1.4),
    "body_large": (17, ft.FontWeight.W_400, 1.5),
    "body_medium": (15, ft.FontWeight.W_400, 1.45),
    "label_large": (16, ft.FontWeight.W_600, 1.25),
    "label_medium": (14, ft.FontWeight.W_500, 1.3),
    "label_small": (12, ft.FontWeight.W_500, 1.2),
}


def theme(
    palette: Palette,
    text_scale: float = 1.0,
    font_family: str | None = None,
    *,
    still: bool = False,
) -> ft.Theme:
    """Return the Flet theme of *palette*; a *text_scale* above 1 is the large-type setting.

    Without *font_family* the platform's own font is used; the web build makes ours the default.
    When *still*, no wave spreads from under the finger: what is touched turns darker, no more.
    """
    styles = {
        name: ft.TextStyle(
            size=round(size * text_scale), weight=weight, height=height, font_family=font_family
        )
        for name, (size, weight, height) in _SIZES.items()
    }
    plain = ft.PageTransitionTheme.NONE
    return ft.Theme(
        font_family=font_family,
        color_scheme=ft.ColorScheme(**asdict(palette)),
        scaffold_bgcolor=palette.surface,
        text_theme=ft.TextTheme(**styles),
        visual_density=ft.VisualDensity.STANDARD,
        splash_color=ft.Colors.TRANSPARENT if still else None,
        # A page that slides costs frames on a cheap phone, and time before the next tap.
        page_transitions=ft.PageTransitionsTheme(
            android=plain, ios=plain, linux=plain, macos=plain, windows=plain
        ),
    )


DARKEST_CURVED = 0.04045  # Below it sRGB is a straight line.


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (#RRGGBB), from 1 to 21 (WCAG 2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= DARKEST_CURVED else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
