"""How does a paper become PDF/A? Typst with embedded Noto fonts: the same bytes wherever it is made."""

import json
import logging
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import pylopdf_fonts_zh_cn
import segno
import typst

from documents.signing import qr_text, short_code, where_to_check
from models.document import Document
from rules.moments import china_date, china_day

log = logging.getLogger("yijianshi.documents")

LAYOUT = Path(__file__).parent / "layout.typ"
FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent


def pdf_of(document: Document) -> bytes:
    """PDF/A-2b, A4; where the font lacks a sign, which PDF/A forbids, plain PDF with a box in its place."""
    day = china_day(document.issued_at)
    content = {
        "number": document.number,
        "title": document.kind.label,
        "issuer": document.issuer,
        "paragraphs": document.paragraphs,
        "date": china_date(day),
        "day": [day.year, day.month, day.day],
        "qr": qr_svg(document),
        "where": where_to_check(),
        "code": short_code(document),
        "revoked": document.revoked_because if document.revoked_at else "",
    }
    said = json.dumps(content, ensure_ascii=False)
    try:
        return _typeset(said, "a-2b")
    except typst.TypstError:  # it names the sign, which may be of somebody's name: not for the log
        log.warning("文书 %s 有字库缺少的字，不能排成 PDF/A，改排普通 PDF", document.number)
        return _typeset(said, None)


def _typeset(said: str, standard: Literal["a-2b"] | None) -> bytes:
    return bytes(
        typst.compile(  # type: ignore[misc]  # its stubs leave bytes out
            _layout(),
            sys_inputs={"document": said},
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            pdf_standards=standard,
        )
    )


def qr_svg(document: Document) -> str:
    """The QR code as a drawing."""
    drawn = BytesIO()
    segno.make(qr_text(document), error="m").save(drawn, kind="svg", border=2, xmldecl=False, svgns=True)
    return drawn.getvalue().decode()


@cache
def _layout() -> bytes:
    return LAYOUT.read_bytes()
