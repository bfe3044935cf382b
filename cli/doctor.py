"""`yjs doctor`: what is wrong with this installation, and what to do about it."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from hosting.doctor import Level, examine

COLOURS = {Level.GOOD: "green", Level.NOTE: "yellow", Level.FAULT: "red"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False) -> None:
    """检查安装：哪里不对，怎么办。"""
    findings = examine()
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for finding in findings:
            sentence = f"{finding.check}：{finding.message}{'，' if finding.remedy else ''}{finding.remedy}"
            console.print(f"[{COLOURS[finding.level]}]{finding.level.label}[/]  {escape(sentence)}")
    if any(finding.level is Level.FAULT for finding in findings):
        raise typer.Exit(1)
