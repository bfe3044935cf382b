"""Whatever somebody uploads: is it typed by what it is, kept under a name of ours, or refused without a trace?"""

import errno
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions import storing
from actions.looking_inside import NAME_LIMIT, harmless_name
from actions.storing import ACCEPTED, NoRoom, TooLarge, UnknownType, store, store_copy
from rules.application import Supplied

LIMIT = 1 << 20
HTML = b"<!doctype html><script>alert(1)</script>"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def docx(**more: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("_rels/.rels", "<Relationships/>")
        packed.writestr("word/document.xml", "<document/>")
        for name, content in more.items():
            packed.writestr(name, content)
    return made.getvalue()


def keep(folder: Path, content: bytes, name: str = "图.pdf", limit: int = LIMIT) -> Supplied:
    return store(io.BytesIO(content), name, "M1", folder=folder, limit=limit)


def refused(folder: Path, content: bytes, name: str = "图.pdf") -> str:
    with pytest.raises(UnknownType) as refusal:
        keep(folder, content, name)
    assert list(folder.iterdir()) == [], "nothing stays behind"
    return str(refusal.value)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PDF, "application/pdf"), (png(), "image/png"), (docx(), WORD)],
)
@pytest.mark.parametrize("name", ["a.pdf", "a.html", "a.exe", "a"])
def test_the_type_is_what_it_is_not_what_it_is_called(
    tmp_path: Path, content: bytes, media_type: str, name: str
) -> None:
    assert keep(tmp_path, content, name).media_type == media_type


NOT_TAKEN = {
    "html": HTML,
    "html after spaces": b"  \n" + HTML,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "script": b"#!/bin/sh\nrm -rf /",
    "windows program": b"MZ" + b"\0" * 200,
    "linux program": b"\x7fELF" + b"\0" * 200,
    "php": b"<?php system($_GET[0]);",
    "html before pdf": HTML + PDF,
    "pdf late": b"\0" * 2000 + PDF,
    "plain zip": (lambda b: (zipfile.ZipFile(b, "w").writestr("a.txt", "a"), b.getvalue())[1])(io.BytesIO()),
    "gif with script": b"GIF89a/*" + HTML,
    "words": "材料".encode(),
    "zeros": b"\0" * 5000,
}


@pytest.mark.parametrize("what", NOT_TAKEN)
@pytest.mark.parametrize("name", ["a.pdf", "a.png", "a.docx"])
def test_what_no_desk_needs_is_refused_whatever_it_is_called(tmp_path: Path, what: str, name: str) -> None:
    assert "类型不接受" in refused(tmp_path, NOT_TAKEN[what], name)


def test_an_empty_file(tmp_path: Path) -> None:
    assert "是空的" in refused(tmp_path, b"")


@pytest.mark.parametrize("tail", [HTML, b"\0" * 100 + HTML, docx()])
def test_a_picture_that_is_something_else_too_is_served_as_a_picture(tmp_path: Path, tail: bytes) -> None:
    """A polyglot runs nowhere: it is offered as its type, with nosniff, under a policy that runs nothing."""
    kept = keep(tmp_path, png() + tail, "a.html")
    assert kept.media_type == "image/png"


OFFICE = {
    "bomb": ({"word/big.xml": b"\0" * (60 << 20)}, "解压后过大"),
    "macros": ({"word/vbaProject.bin": b"x"}, "带有宏"),
    "program": ({"word/embeddings/run.exe": b"MZ"}, "带有宏或程序"),
    "path": ({"../../etc/cron.d/x": b"x"}, "打不开"),
}


@pytest.mark.parametrize("what", OFFICE)
def test_office_files_that_would_harm_whoever_opens_them(tmp_path: Path, what: str) -> None:
    parts, says = OFFICE[what]
    assert says in refused(tmp_path, docx(**parts), "a.docx")


def test_an_office_file_with_thousands_of_parts(tmp_path: Path) -> None:
    assert "解压后过大" in refused(tmp_path, docx(**{f"word/{n}": b"" for n in range(5001)}), "a.docx")


def test_an_office_file_cut_short(tmp_path: Path) -> None:
    assert "打不开" in refused(tmp_path, docx(**{"word/x": bytes(range(256)) * 40})[:-30], "a.docx")


def test_too_large_is_cut_off_while_it_arrives(tmp_path: Path) -> None:
    class Endless(io.RawIOBase):
        read_so_far = 0

        def read(self, size: int = -1) -> bytes:
            self.read_so_far += size
            return b"%PDF" + b"0" * (size - 4)

    endless = Endless()
    with pytest.raises(TooLarge):
        store(endless, "a.pdf", "M1", folder=tmp_path, limit=LIMIT)  # type: ignore[arg-type]
    assert endless.read_so_far < 2 * LIMIT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", "未命名"),
        ("", "未命名"),
        ("/", "未命名"),
        ("a\0.pdf", "a.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie: x=1.pdf"),
        ("图\u202efdp.exe", "图fdp.exe"),
        ("长" * 300 + ".pdf", "长" * (NAME_LIMIT - 4) + ".pdf"),
        ("x" * 300, "x" * NAME_LIMIT),
    ],
)
def test_a_name_is_only_a_name(given: str, shown: str) -> None:
    assert harmless_name(given) == shown


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=4000), st.text(st.characters(), max_size=300))
def test_anything_at_all_is_kept_under_our_name_or_refused(tmp_path: Path, content: bytes, name: str) -> None:
    try:
        kept = keep(tmp_path, content, name)
    except UnknownType:
        assert list(tmp_path.iterdir()) == []
        return
    [stored] = tmp_path.iterdir()
    assert stored.name == kept.stored_as
    assert kept.media_type in ACCEPTED
    assert len(kept.file_name) <= NAME_LIMIT
    assert not {"/", "\\", "\0", "\n", "\r"} & set(kept.file_name)
    stored.unlink()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.data())
def test_damaged_office_files_never_raise(tmp_path: Path, data: st.DataObject) -> None:
    spoilt = bytearray(docx(**{"word/x.xml": b"some words " * 20}))
    for _ in range(data.draw(st.integers(1, 12))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    try:
        keep(tmp_path, bytes(spoilt), "a.docx")
    except UnknownType:
        assert list(tmp_path.iterdir()) == []
    for left in tmp_path.iterdir():
        left.unlink()


def test_a_full_disk_is_a_sentence_and_leaves_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    first = keep(tmp_path, PDF)
    monkeypatch.setattr(storing, "on_disk", full)
    with pytest.raises(NoRoom, match="没有保存"):
        keep(tmp_path, PDF)
    with pytest.raises(NoRoom, match="沿用的材料没有保存"):
        store_copy(first.stored_as, folder=tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [first.stored_as]
