"""`yjs documents`: the papers of a case, the published key, and whether a QR code is genuine without asking anybody."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.cases import AsJson, case_called
from documents.keys import public_pem, read_public
from documents.signing import check
from documents.typesetting import pdf_of
from documents.writing import write
from models.database import transaction
from models.document import documents_of
from rules.errors import Refused

app = typer.Typer(no_args_is_help=True, help="文书：列出、导出 PDF、核验。", add_completion=False)


@app.command("list")
def list_all(
    number: Annotated[str, typer.Argument(metavar="NO", help="办件编号")], as_json: AsJson = False
) -> None:
    """列出办件的文书。"""
    with transaction() as session:
        case_called(session, number)
        found = [
            {
                "number": paper.number,
                "kind": paper.kind.value,
                "title": paper.kind.label,
                "issued_at": paper.issued_at.isoformat(),
                "revoked_at": paper.revoked_at.isoformat() if paper.revoked_at else None,
            }
            for paper in documents_of(session, number)
        ]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for row in found:
        typer.echo(f"{row['number']}  {row['title']}{'（已撤销）' if row['revoked_at'] else ''}")


@app.command()
def pdf(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="文书编号")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="写到哪个文件")],
) -> None:
    """导出一份文书（PDF/A）。"""
    with transaction() as session:
        content = pdf_of(write(session, document))
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Refused(f"写不进 {file}：{error.strerror}。") from None
    typer.echo(f"已写入 {file}。")


@app.command()
def key() -> None:
    """打印公布的公钥（PEM）。"""
    typer.echo(public_pem().strip())


@app.command()
def verify(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="扫描二维码得到的内容")],
    key: Annotated[Path, typer.Option(help="公布的公钥文件，见 yjs documents key")],
) -> None:
    """不联网核验一份文书的二维码。"""
    try:
        pem = key.read_bytes()
    except OSError as error:
        raise Refused(f"读不到 {key}：{error.strerror}。") from None
    vouched = check(text, read_public(pem))
    typer.echo(
        f"签名有效：{vouched['title']} {vouched['number']}，{vouched['issuer']}，{vouched['issued_on']}。"
    )
