"""What assistive technology is told of every screen of the demo, at a phone's size and a desk's.

The everyday checks ask a few screens on their way (test_chain.py), and the tree of Flet's controls
for all of them (tests/client/views/test_accessible.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error

from tests.browser.accessibility import Control, controls_of, faults_in
from tests.browser.driver import Phone
from tests.browser.enrolment import accept
from tools.shots import NARROW, SIZES, reach, running_demo
from tools.shots_people import PEOPLE, Person
from tools.shots_states import SETTLED_MS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def links(web_app: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run the demo; give each person's enrolment link."""
    with running_demo(tmp_path_factory.mktemp("demo"), web_app) as found:
        yield found


@pytest.mark.night
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.role)
def test_every_screen_is_told_whole(
    person: Person, links: dict[str, str], new_phone: Callable[..., Phone]
) -> None:
    """Each control has a name in Chinese, a role, its 48 px, and comes where the eye reads it."""
    user = new_phone().start(links[person.number])
    faults = [f"enrol: {one}" for one in faults_in(controls_of(user.page))]
    accept(user, person.greeting)
    checked = 0
    for width, height in SIZES.items():
        user.page.set_viewport_size({"width": width, "height": height})
        for screen in person.screens:
            if screen.narrow and width != NARROW:
                continue
            name = f"{width} {screen.name}"
            try:
                reach(user, screen, is_narrow=width == NARROW)
            except Error:  # A busy machine may have tapped a page on its way out.
                reach(user, screen, is_narrow=width == NARROW)
            user.page.wait_for_timeout(SETTLED_MS)
            controls = controls_of(user.page)
            checked += bool(controls)
            faults += [f"{name}: {fault}" for fault in faults_in(controls)]
    assert checked > len(person.screens)
    assert faults == []


def control(name: str, **other: float | str | bool) -> Control:
    given: dict[str, object] = {"role": "button", "left": 0, "top": 0, "right": 48, "bottom": 48}
    return Control(name=name, **(given | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("controls", "said"),
    [
        ([control("")], "no name"),
        ([control("打电话", role="")], "no role"),
        ([control("Call")], "not in Chinese"),
        ([control("打电话", is_reached=False)], "out of a keyboard's reach"),
        ([control("打电话", bottom=40)], "smaller than 48 px"),
        ([control("保存", top=100, bottom=148), control("返回")], "read too late"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_fault_is_found(controls: list[Control], said: str) -> None:
    (fault,) = faults_in(controls)
    assert fault.startswith(said)
