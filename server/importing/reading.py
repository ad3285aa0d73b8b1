"""From a path to sheets: which kind of file it is, and whether it is safe to read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from server.importing.csv_text import grid_of_csv
from server.importing.faults import WorkbookError
from server.importing.grid import Grid
from server.importing.xlsx import grids_of_xlsx

__all__ = ["FILE_BYTES_MAX", "UNPACKED_BYTES_MAX", "read_grids"]

FILE_BYTES_MAX = 10 * 2**20
UNPACKED_BYTES_MAX = 64 * 2**20
_MEMBERS_MAX = 2_000
_OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"{\\rtf", "RTF"),
)


def read_grids(path: Path) -> list[Grid]:
    """Return the sheets of a workbook, of a folder or zip of CSV files, or of one CSV file.

    Raises:
        WorkbookError: It can't be read; says why and what to do.
    """
    try:
        if path.is_dir():
            return _read_folder(path)
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise _too_large(size)
        body = path.read_bytes()
    except FileNotFoundError as error:
        raise WorkbookError("file-missing", name=path.name) from error
    except OSError as error:
        raise WorkbookError("file-unreadable", name=path.name) from error
    return _read_body(path, body)


def _read_body(path: Path, body: bytes) -> list[Grid]:
    if not body.strip():
        raise WorkbookError("file-empty")
    if body.startswith(_OLE_MAGIC):
        raise _refused_ole(body)
    if body.startswith(b"PK"):
        return _read_zip(body)
    for magic, found in _KINDS:
        if body.startswith(magic):
            raise WorkbookError("file-format", found=found)
    # What offices' web systems export as ".xls" is often a page.
    if (
        body.lstrip(b"\xef\xbb\xbf \r\n\t")[:200]
        .lower()
        .startswith((b"<html", b"<!doc", b"<table"))
    ):
        raise WorkbookError("file-format", found="HTML")
    if body.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml"):
        raise WorkbookError("file-format", found="XML")
    return [grid_of_csv(path.stem, body)]


def _read_zip(body: bytes) -> list[Grid]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = archive.infolist()
            # The sizes that the directory declares bound what zipfile hands out.
            if len(members) > _MEMBERS_MAX or (
                sum(member.file_size for member in members) > UNPACKED_BYTES_MAX
            ):
                raise WorkbookError("file-unpacks-too-large", most_mb=UNPACKED_BYTES_MAX // 2**20)
            if any(member.flag_bits & 1 for member in members):
                raise WorkbookError("file-encrypted")
            names = {member.filename for member in members}
            if "xl/workbook.xml" in names:
                return grids_of_xlsx(archive, body)
            csv_names = [name for name in sorted(names) if _is_csv(name)]
            if not csv_names:
                raise WorkbookError("file-format", found=_zip_kind(names))
            return [
                grid_of_csv(_stem(member), archive.read(member))
                for member in members
                if member.filename in csv_names
            ]
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise WorkbookError("file-damaged") from error


def _read_folder(path: Path) -> list[Grid]:
    files = [file for file in sorted(path.iterdir()) if _is_csv(file.name) and file.is_file()]
    if not files:
        raise WorkbookError("file-missing", name=f"{path.name}/*.csv")
    size = sum(file.stat().st_size for file in files)
    if size > FILE_BYTES_MAX:
        raise _too_large(size)
    return [grid_of_csv(file.stem, file.read_bytes()) for file in files]


def _refused_ole(body: bytes) -> WorkbookError:
    """Tell a workbook with a password from an old .xls: both are OLE files."""
    if "EncryptedPackage".encode("utf-16-le") in body:
        return WorkbookError("file-encrypted")
    return WorkbookError("file-format", found=".xls")


def _zip_kind(names: set[str]) -> str:
    if "word/document.xml" in names:
        return ".docx"
    if "xl/workbook.bin" in names:
        return ".xlsb"
    if "content.xml" in names:
        return ".ods"
    return "zip"


def _stem(member: zipfile.ZipInfo) -> str:
    """Return the name of a zipped file; Windows packs Chinese names in GBK without saying so."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            return Path(name).stem
    return Path(name).stem


def _is_csv(name: str) -> bool:
    # macOS puts a shadow of each file beside it.
    return name.lower().endswith((".csv", ".txt")) and not Path(name).name.startswith((".", "~"))


def _too_large(size: int) -> WorkbookError:
    return WorkbookError(
        "file-too-large", size_mb=-(-size // 2**20), most_mb=FILE_BYTES_MAX // 2**20
    )
