"""Where does an uploaded file go? Typed by content, limited in size, under a random name."""

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import filetype  # type: ignore[import-untyped]

from actions.looking_inside import fault_of_office_file, harmless_name
from rules.application import Supplied
from rules.errors import Refused

ACCEPTED = {
    "application/pdf": "PDF",
    "image/png": "PNG",
    "image/jpeg": "JPG",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
}
OFFICE = "application/vnd.openxmlformats"
_CHUNK = 1 << 16  # bytes read at a time
_HEAD = 8192  # bytes that tell the type; the office formats need more than a magic number


class TooLarge(Refused):
    """文件太大。"""


class UnknownType(Refused):
    """文件类型不接受。"""


class NoRoom(Refused):
    """存不下。"""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, the quota, the limit of the process


def store(stream: BinaryIO, file_name: str, spec_id: str, *, folder: Path, limit: int) -> Supplied:
    """Keep the stream (at most `limit` bytes) and say what it is; nothing stays behind on a refusal."""
    folder.mkdir(parents=True, exist_ok=True)
    stored_as = secrets.token_hex(16)
    target = folder / stored_as
    shown_name = harmless_name(file_name)
    with whole_or_not(target, f"文件“{shown_name}”"):
        size, digest = _copy(stream, target, limit, shown_name)
        media_type = _type_of(target, shown_name)
    return Supplied(spec_id, shown_name, stored_as, media_type, size, digest)


def store_copy(stored_as: str, *, folder: Path) -> str:
    """The same content once more, under a name of its own: each case keeps and destroys its own files."""
    target = folder / secrets.token_hex(16)
    with (
        (folder / stored_as).open("rb") as former,
        whole_or_not(target, "沿用的材料"),
        target.open("xb") as kept,
    ):
        shutil.copyfileobj(former, kept)
        on_disk(kept)
    return target.name


@contextmanager
def whole_or_not(target: Path, what: str) -> Iterator[None]:
    """Whatever goes wrong while this file is written, nothing of it stays behind; a full disk is said in a sentence."""
    try:
        yield
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in FULL:
            raise NoRoom(f"服务器存不下了，{what}没有保存，请通知系统管理员，稍后再试。") from None
        raise


def on_disk(file: IO[Any]) -> None:
    """What names a file is on disk when it is acknowledged; so must the file be."""
    file.flush()
    os.fsync(file.fileno())


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
        on_disk(kept)
    return size, digest.hexdigest()


def _type_of(target: Path, shown_name: str) -> str:
    with target.open("rb") as kept:
        head = kept.read(_HEAD)
    if not head:
        raise UnknownType(f"文件“{shown_name}”是空的，请重新选择。")
    kind = filetype.guess_mime(head)
    if kind not in ACCEPTED:
        raise UnknownType(f"文件“{shown_name}”的类型不接受，请上传 {'、'.join(ACCEPTED.values())}。")
    if kind.startswith(OFFICE) and (wrong := fault_of_office_file(target)):
        raise UnknownType(f"文件“{shown_name}”{wrong}，请检查后重新上传，或改用 PDF。")
    return str(kind)
