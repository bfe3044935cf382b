"""Where does an uploaded file go? Typed by content, limited in size, under a random name."""

import hashlib
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import filetype  # type: ignore[import-untyped]

from rules.application import Supplied
from rules.errors import Refused

ACCEPTED = {
    "application/pdf": "PDF",
    "image/png": "PNG",
    "image/jpeg": "JPG",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
}
_CHUNK = 1 << 16  # bytes read at a time
_HEAD = 8192  # bytes that tell the type; the office formats need more than a magic number


class TooLarge(Refused):
    """文件太大。"""


class UnknownType(Refused):
    """文件类型不接受。"""


def store(stream: BinaryIO, file_name: str, spec_id: str, *, folder: Path, limit: int) -> Supplied:
    """Keep the stream (at most `limit` bytes) and say what it is; nothing stays behind on a refusal."""
    folder.mkdir(parents=True, exist_ok=True)
    stored_as = secrets.token_hex(16)
    target = folder / stored_as
    shown_name = Path(file_name.replace("\\", "/")).name[:255] or "未命名"
    try:
        size, digest = _copy(stream, target, limit, shown_name)
        media_type = _type_of(target, shown_name)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Supplied(spec_id, shown_name, stored_as, media_type, size, digest)


def store_copy(stored_as: str, *, folder: Path) -> str:
    """The same content once more, under a name of its own: each case keeps and destroys its own files."""
    copy = secrets.token_hex(16)
    shutil.copyfile(folder / stored_as, folder / copy)
    return copy


def discard(supplied: Iterable[Supplied], *, folder: Path) -> None:
    """The application did not become a case: its files do not stay."""
    for one in supplied:
        if one.stored_as:
            (folder / one.stored_as).unlink(missing_ok=True)


def _copy(stream: BinaryIO, target: Path, limit: int, shown_name: str) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with target.open("xb") as kept:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"文件“{shown_name}”超过 {limit >> 20} MB，请压缩后再上传。")
            digest.update(chunk)
            kept.write(chunk)
    return size, digest.hexdigest()


def _type_of(target: Path, shown_name: str) -> str:
    with target.open("rb") as kept:
        head = kept.read(_HEAD)
    if not head:
        raise UnknownType(f"文件“{shown_name}”是空的，请重新选择。")
    kind = filetype.guess_mime(head)
    if kind not in ACCEPTED:
        raise UnknownType(f"文件“{shown_name}”的类型不接受，请上传 {'、'.join(ACCEPTED.values())}。")
    return str(kind)
