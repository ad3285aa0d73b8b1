"""What goes to the phone as Python: all that is imported, and nothing that is not."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from client.web.app_archive import ARCHIVES, AppSources, add_archives
from client.web.bytecode import Compiler
from client.web.page import add_page, snapshot_name
from client.web.pyodide_runtime import pyodide_folder
from client.web.site_files import SiteFiles

ENTRY = '''"""A small app."""

from __future__ import annotations

import flet as ft

from small import words


class Kept:
    """Nothing but this."""


async def main(page: ft.Page) -> None:
    """Say it."""
    page.add(ft.Text(words.HELLO))
'''
WORDS = 'import json\n\nHELLO = "你好"\n\n\ndef fail() -> None:\n    json.loads("")\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SiteFiles:
    """Make the archives of a small app, as the build makes those of ours."""
    root = tmp_path_factory.mktemp("sources")
    (root / "small").mkdir()
    (root / "small" / "__init__.py").write_text("", "utf-8")
    (root / "small" / "words.py").write_text(WORDS, "utf-8")
    (root / "main.py").write_text(ENTRY, "utf-8")
    site = SiteFiles()
    compiler = Compiler(pyodide_folder(), root / "cache")
    add_archives(site, AppSources(root / "main.py", root, ["small"]), compiler)
    return site


def archive(site: SiteFiles, name: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(dict(site)[name]))


@pytest.mark.slow
def test_archives_hold_bytecode_of_what_is_imported(site: SiteFiles) -> None:
    assert {path for path, _ in site} == set(ARCHIVES)
    app = archive(site, "app.zip")
    assert set(app.namelist()) == {
        "main.pyc",
        "preload.json",
        "small/__init__.pyc",
        "small/words.pyc",
    }
    preload = json.loads(app.read("preload.json"))
    assert {"small", "small.words"} < set(preload["modules"])
    assert preload["flet_names"] == ["Page", "Text"]

    packages = {name.partition("/")[0] for name in archive(site, "packages.zip").namelist()}
    assert {"flet", "msgpack"} <= packages
    assert not packages & {"requests", "certifi", "cryptography", "client", "shared"}

    stdlib = set(archive(site, "stdlib.zip").namelist())
    assert {"asyncio/__init__.pyc", "json/__init__.pyc", "pyodide/__init__.pyc"} <= stdlib
    assert not {"pdb.pyc", "unittest/__init__.pyc", "turtle.pyc"} & stdlib
    for name in ARCHIVES:
        assert not [file for file in archive(site, name).namelist() if file.endswith(".py")]


@pytest.mark.slow
def test_phones_python_runs_what_was_compiled(site: SiteFiles, tmp_path: Path) -> None:
    """With the trimmed library alone; tracebacks still work, and our own frames know their line."""
    for name in ARCHIVES:
        (tmp_path / name).write_bytes(dict(site)[name])
    script = tmp_path / "run.mjs"
    script.write_text(
        f"""
        import {{ readFileSync }} from "node:fs";
        import {{ loadPyodide }} from "{(pyodide_folder() / "pyodide.mjs").as_uri()}";
        const python = await loadPyodide({{
          indexURL: "{pyodide_folder()}/", stdLibURL: "{tmp_path}/stdlib.zip",
        }});
        for (const name of ["packages.zip", "app.zip"]) {{
          python.FS.writeFile(`/${{name}}`, readFileSync(`{tmp_path}/${{name}}`));
        }}
        try {{ console.log(python.runPython(`
          import sys, traceback
          sys.path[:0] = ["/app.zip", "/packages.zip"]
          import main, flet.app
          try:
              main.words.fail()
          except ValueError as error:
              told = traceback.format_exception(error)
          [main.__doc__, main.Kept.__doc__, sys.version_info[:2], "".join(told)]
        `).toString()); }} catch (error) {{
          console.error(error.message); // Uncaught, Node would show the line that threw.
          process.exit(1);
        }}
        """,
        "utf-8",
    )
    node = shutil.which("node", path=str(playwright_driver()))
    assert node
    run = subprocess.run([node, script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert "[None, None, (3, 14)" in run.stdout
    assert 'small/words.py", line 7, in fail' in run.stdout
    assert re.search(r'json/decoder.py", line [1-9]\d*, in decode', run.stdout)
    assert "JSONDecodeError: Expecting value" in run.stdout


def playwright_driver() -> Path:
    import playwright  # noqa: PLC0415 - only for its place.

    return Path(str(playwright.__file__)).with_name("driver")


def test_module_that_does_not_compile_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="SyntaxError"):
        Compiler(pyodide_folder(), tmp_path).archive({"broken.py": b"def"})
    assert list(tmp_path.iterdir()) == []


def test_snapshots_name_changes_with_what_is_in_it_alone(tmp_path: Path) -> None:
    names = []
    for app, font in ((b"one", b"a"), (b"one", b"b"), (b"two", b"b")):
        site = SiteFiles()
        for path, content in (("app.zip", app), ("pyodide/pyodide.mjs", b"x"), ("f.otf", font)):
            site.add(path, content)
        names.append(snapshot_name(site))
    assert names[0] == names[1] != names[2]

    page = tmp_path / "index.html"
    page.write_text('<html data-snapshot="{{snapshot}}">', "utf-8")
    add_page(site, page)
    assert f'data-snapshot="{names[2]}"'.encode() in dict(site)["index.html"]
