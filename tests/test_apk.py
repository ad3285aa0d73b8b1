"""What `flet build apk` is given: only keys that it reads, and only what belongs into the app.

The packager itself needs the Flutter SDK. These keys are those that flet-cli's source asks for
(`get_pyproject`, `get_platform_setting`, `get_bool_setting` in its commands/build_base.py and
commands/build.py); `manifest_application` is read by the build template's AndroidManifest.xml.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ("assets", "client", "main.py", "shared")
READ_FROM = "flet==1.0.5"
"""Another version may read others: look its source through, then change this and the lists."""

# A * stands for names of one's own.
EVERYWHERE = {
    "app.default_excludes",
    "app.exclude",
    "app.include",
    "boot_screen.*",
    "bundle_id",
    "cleanup.app",
    "cleanup.app_files",
    "cleanup.package_files",
    "cleanup.packages",
    "compile.app",
    "compile.packages",
    "deep_linking.host",
    "deep_linking.scheme",
    "dependencies",
    "dev_packages",
    "flutter.build_args",
    "icon_background",
    "org",
    "source_packages",
    "splash.color",
    "splash.dark_color",
    "splash.icon_background",
    "splash.icon_dark_background",
    "splash.icon_fit",
    "target_arch",
}
"""For all platforms, or under `android` for one."""
GLOBAL = {
    "app.module",
    "app.path",
    "artifact",
    "build_number",
    "company",
    "copyright",
    "flutter.pubspec.*",
    "permissions",
    "product",
    "splash.android",
}
ANDROID = {
    "adaptive_icon_background",
    "artifact",
    "extract_packages",
    "feature.*",
    "gradle_properties.*",
    "legacy_packaging",
    "manifest_application.*",
    "meta_data.*",
    "permission.*",
    "proguard_default_rules",
    "proguard_rules",
    "provider.*",
    "signing.key_alias",
    "signing.key_store",
    "split_per_abi",
}
KNOWN = EVERYWHERE | GLOBAL | {f"android.{key}" for key in EVERYWHERE | ANDROID}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def settings(project: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = project["tool"]["flet"]
    return found


def keys_of(table: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from keys_of(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def is_known(key: str) -> bool:
    parts = (re.escape(known).replace(r"\*", ".+") for known in KNOWN)
    return any(re.fullmatch(part, key) for part in parts)


def test_every_key_is_one_that_the_packager_reads(settings: dict[str, Any]) -> None:
    assert [key for key in keys_of(settings) if not is_known(key)] == []


def test_misspelt_key_would_be_found() -> None:
    wrong = {"splash": {"colour": "#FFFFFF"}, "android": {"permissions": ["location"]}}
    assert [is_known(key) for key in keys_of(wrong)] == [False, False]


def test_keys_were_read_from_the_version_that_builds(project: dict[str, Any]) -> None:
    assert READ_FROM in project["project"]["dependencies"]


def test_phone_may_use_the_network_and_nothing_else(settings: dict[str, Any]) -> None:
    """`permissions` would bring whole groups, background location among them."""
    assert settings["android"]["permission"] == {"android.permission.INTERNET": True}
    assert "permissions" not in settings


def test_nothing_leaves_the_phone_by_a_backup_or_in_the_clear(settings: dict[str, Any]) -> None:
    assert settings["android"]["manifest_application"] == {
        "allowBackup": "false",
        "fullBackupContent": "false",
        "usesCleartextTraffic": "false",
    }


def test_signing_key_comes_from_the_environment(settings: dict[str, Any]) -> None:
    assert "signing" not in settings["android"]


def test_only_the_client_goes_into_the_app(settings: dict[str, Any]) -> None:
    app = settings["app"]
    assert (ROOT / app["path"] / f"{app['module']}.py").is_file()
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    top = {name.split("/")[0] for name in names.split("\0") if name}
    packed = {
        name for name in top if not name.startswith(".") and name not in {*app["exclude"], "build"}
    }
    assert packed == {*CLIENT, "pyproject.toml"}


def test_dependencies_of_the_app_are_those_of_the_client_alone(project: dict[str, Any]) -> None:
    """The packager takes [project].dependencies whole; the server's stand in an extra."""
    names = {re.split(r"[<>=;\s]", one)[0] for one in project["project"]["dependencies"]}
    assert names == {"cryptography", "flet", "lunar_python", "marshmallow", "requests"}


@pytest.mark.parametrize(
    ("packed", "drawn"),
    [("icon.png", "icon-512.png"), ("icon_android.png", "icon-maskable-512.png")],
)
def test_app_has_the_icons_of_the_web_app(packed: str, drawn: str) -> None:
    """The packager looks for them in assets/, the web build in client/assets/."""
    icons = ROOT / "client" / "assets" / "icons"
    assert (ROOT / "assets" / packed).read_bytes() == (icons / drawn).read_bytes()
