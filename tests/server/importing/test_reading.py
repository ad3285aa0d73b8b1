"""Files as they come: other encodings, other formats, damaged, locked, hostile."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.importing import reading
from server.importing.checking import Judgement, select_sheet
from server.importing.faults import WorkbookError
from server.importing.reading import read_grids

Rows = dict[str, list[dict[str, Any]]]

CSV = "工号,姓名,网点,岗位\r\n000101,陈喆,4401,投递员\r\n000102,𠮷田㛃,4401,理财经理\r\n"


def slug_of(path: Path, sheet: str | None = None) -> str:
    with pytest.raises(WorkbookError) as caught:
        select_sheet(read_grids(path), sheet)
    assert caught.value.fault.text("zh")
    assert caught.value.fault.text("en")
    return caught.value.fault.slug


def write_csv_folder(rows: Rows, folder: Path, encoding: str) -> Path:
    names = {"outlets": "网点", "staff": "员工", "villages": "村庄", "crops": "作物",
             "village_crops": "村庄作物", "market_days": "墟日"}  # fmt: skip
    folder.mkdir()
    for kind, some in rows.items():
        headers = list(dict.fromkeys(name for row in some for name in row))
        lines = [headers, *([str(row.get(name, "")) for name in headers] for row in some)]
        text = "\r\n".join(",".join(f'"{cell}"' for cell in line) for line in lines)
        (folder / f"{names[kind]}.csv").write_bytes(text.encode(encoding))
    return folder


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_folder_of_csv_files_reads_like_a_workbook(
    rows: Rows, tmp_path: Path, check: Callable[..., Judgement], encoding: str
) -> None:
    judgement = check(write_csv_folder(rows, tmp_path / "county", encoding))
    assert judgement.faults == ()
    assert judgement.plan is not None
    assert len(judgement.plan.changes) == 21


def test_zip_of_csv_files_packed_on_chinese_windows_reads_like_a_workbook(
    rows: Rows, tmp_path: Path, check: Callable[..., Judgement]
) -> None:
    folder = write_csv_folder(rows, tmp_path / "county", "gbk")
    path = tmp_path / "county.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.writestr(_GbkName(file.name), file.read_bytes())
    assert check(path).faults == ()


class _GbkName(zipfile.ZipInfo):
    """A name in GBK without the flag that says UTF-8: what Explorer writes."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the library's name
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_single_csv_file_keeps_rare_characters_and_leading_zeros(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "员工.csv"
    path.write_bytes(CSV.encode(encoding))
    (grid,) = read_grids(path)
    assert [cell.text for cell in grid.lines[2].cells.values()] == [
        "000102", "𠮷田㛃", "4401", "理财经理",
    ]  # fmt: skip


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_csv_may_be_separated_by_tab_or_semicolon(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "员工.txt"
    path.write_text(CSV.replace(",", separator), "utf-8")
    assert len(read_grids(path)[0].lines[1].cells) == 4


def test_csv_file_of_no_sheets_name_asks_which_sheet_it_is(
    tmp_path: Path, check: Callable[..., Judgement]
) -> None:
    path = tmp_path / "导出1.csv"
    path.write_text("镇,墟日\n龙尾,逢三六九\n", "utf-8")
    assert slug_of(path) == "sheet-needed"
    assert slug_of(path, "天气") == "sheet-option-unknown"
    assert check(path, sheet="墟日").faults == ()


def test_workbook_without_the_sheet_asked_for_says_so(
    rows: Rows, tmp_path: Path, check: Callable[..., Judgement]
) -> None:
    del rows["market_days"]
    folder = write_csv_folder(rows, tmp_path / "county", "utf-8")
    assert slug_of(folder, "墟日") == "sheet-option-absent"
    assert check(folder, sheet="网点").faults == ()


def test_workbook_of_other_sheets_lists_what_was_found(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    folder.mkdir()
    for name in ("天气", "考勤"):
        (folder / f"{name}.csv").write_text("甲,乙\n1,2\n", "utf-8")
    assert slug_of(folder) == "no-sheets"


def test_missing_file_and_empty_folder_and_empty_file_are_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty.xlsx"
    empty.write_bytes(b"")
    assert slug_of(tmp_path / "nowhere.xlsx") == "file-missing"
    assert slug_of(tmp_path) == "file-missing"
    assert slug_of(empty) == "file-empty"


def test_workbook_cut_off_or_bent_is_damaged(
    rows: Rows, write: Callable[[Rows], Path], tmp_path: Path
) -> None:
    whole = write(rows).read_bytes()
    path = tmp_path / "damaged.xlsx"
    for body in (whole[: len(whole) // 2], whole[:2000] + b"\0" * 400 + whole[2400:]):
        path.write_bytes(body)
        assert slug_of(path) == "file-damaged"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet2.xml", "xl/styles.xml"])
@pytest.mark.parametrize(
    "content", [b"<unclosed", b"", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']
)
def test_workbook_with_a_broken_part_is_told_and_never_a_traceback(
    rows: Rows, write: Callable[[Rows], Path], tmp_path: Path, part: str, content: bytes
) -> None:
    path = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(write(rows)) as whole, zipfile.ZipFile(path, "w") as broken:
        for member in whole.infolist():
            broken.writestr(
                member, content if member.filename == part else whole.read(member.filename)
            )
    try:
        select_sheet(read_grids(path), None)
    except WorkbookError as error:
        assert error.fault.slug in {"file-damaged", "no-sheets"}  # noqa: PT017 - may also pass
    else:
        assert content == b"<a/>", "only a part that is merely empty can be overlooked"


def test_password_and_old_formats_and_other_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "county.xlsx"
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600
    for body, slug, found in (
        (ole + "EncryptedPackage".encode("utf-16-le"), "file-encrypted", None),
        (ole + "Workbook".encode("utf-16-le"), "file-format", ".xls"),
        (b"%PDF-1.7 ...", "file-format", "PDF"),
        (b"\r\n<html><table></table></html>", "file-format", "HTML"),
        (b"Rar!\x1a\x07", "file-format", "RAR"),
    ):
        path.write_bytes(body)
        with pytest.raises(WorkbookError) as caught:
            read_grids(path)
        assert (caught.value.fault.slug, caught.value.fault.facts.get("found")) == (slug, found)


def test_document_in_a_zip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "county.xlsx"
    for member, found in (("word/document.xml", ".docx"), ("content.xml", ".ods"), ("a", "zip")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, "x")
        with pytest.raises(WorkbookError) as caught:
            read_grids(path)
        assert caught.value.fault.facts["found"] == found


def test_zip_with_a_password_is_told(tmp_path: Path) -> None:
    path = tmp_path / "county.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("员工.csv", CSV)
    body = bytearray(path.read_bytes())
    entry = body.index(b"PK\x01\x02")
    flags = struct.unpack_from("<H", body, entry + 8)[0]
    struct.pack_into("<H", body, entry + 8, flags | 1)
    path.write_bytes(bytes(body))
    assert slug_of(path) == "file-encrypted"


def test_zip_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "county.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (reading.UNPACKED_BYTES_MAX + 1))
    assert path.stat().st_size < 200_000
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    assert slug_of(path) == "file-unpacks-too-large"


def test_zip_bomb_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "员工.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("员工.csv", CSV * 1000)
    body = bytearray(path.read_bytes())
    struct.pack_into("<I", body, body.index(b"PK\x01\x02") + 24, 100)
    path.write_bytes(bytes(body))
    assert slug_of(path) == "file-damaged"


def test_large_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "county.xlsx"
    path.write_bytes(b"PK" + b"\0" * 100)
    monkeypatch.setattr(reading, "FILE_BYTES_MAX", 50)
    assert slug_of(path) == "file-too-large"


def test_bytes_of_no_encoding_are_told(tmp_path: Path) -> None:
    path = tmp_path / "员工.csv"
    path.write_bytes(b"\xff\xfe\x00\xd8\x00\xd8")
    assert slug_of(path) == "encoding-unknown"
    path.write_bytes(b"\x81\xff\xff\x81 \xa0\xa0")
    assert slug_of(path) == "encoding-unknown"
