"""How does a paper become PDF/A? Typst with embedded Noto fonts: the same bytes wherever it is made."""

import json
from functools import cache
from io import BytesIO
from pathlib import Path

import pylopdf_fonts_zh_cn
import segno
import typst

from documents.signing import qr_text, short_code, where_to_check
from models.document import Document
from rules.moments import china_date, china_day

LAYOUT = Path(__file__).parent / "layout.typ"
FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent


def pdf_of(document: Document) -> bytes:
    """PDF/A-2b, A4."""
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
    return bytes(
        typst.compile(  # type: ignore[misc]  # its stubs leave bytes out
            _layout(),
            sys_inputs={"document": json.dumps(content, ensure_ascii=False)},
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            pdf_standards=["a-2b"],
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
