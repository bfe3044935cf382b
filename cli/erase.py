"""`yjs erase`: personal data of cases whose retention is over."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from actions.erasing import due, erase, remove_files
from cli.cases import As, AsJson
from config.settings import settings
from models.account import account_named
from models.database import owner_transaction
from rules.errors import Refused

OPERATOR = "xitong"  # the account of the system administrator in the demo city


def erase_due(
    is_due: Annotated[bool, typer.Option("--due", help="清除所有保存期限已满的归档办件")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出，不清除")] = False,
    as_user: As = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """清除保存期限已满的归档办件里的个人信息（办理记录的链仍可核验）。"""
    if not is_due:
        raise Refused("请写明 --due：清除所有保存期限已满的归档办件；先加 --dry-run 看看有哪些。")
    now = datetime.now(UTC)
    with owner_transaction() as session:
        account_named(session, as_user)
        numbers = [case.number for case in due(session, at=now)]
    if not dry_run:
        for number in numbers:  # each in a transaction of its own
            with owner_transaction() as session:
                erase(session, number, by=account_named(session, as_user), at=now)
        with owner_transaction() as session:
            remove_files(session, settings().uploads)
    if as_json:
        typer.echo(json.dumps(numbers))
        return
    for number in numbers:
        typer.echo(number)
    done = "保存期限已满，可以清除" if dry_run else "已清除"
    typer.echo(f"{len(numbers)} 个办件{done}。" if numbers else "没有保存期限已满的办件。")
