"""`yjs bundles publish`, `versions` and `move`: what a new version means for running cases, and moving one of them."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from actions.foreseeing import foresee
from actions.publishing import Report, Standing, move, report
from cli.cases import AsJson, case_called
from config.catalogue import catalogue, digest_of, in_force, load_bundle, published
from config.lint import check_files
from models.database import transaction
from models.districts import acting
from models.version import cases_by_version, keep_version, versions_of
from rules.bundle import Bundle
from rules.errors import NotFound, Refused
from rules.going_over import Fate, Verdict
from rules.moments import china_text

SHOWN = 20  # cases a list names; --json names all


def publish(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="改好的一件事 YAML 文件")],
    yes: Annotated[bool, typer.Option("--yes", help="不再询问，直接发布")] = False,
    as_json: AsJson = False,
) -> None:
    """发布新版本：先检查，再说明改了什么、在办的办件哪些不受影响、可以迁移、不能迁移。在办的不会自动迁移。"""
    new = _sound(file)
    now = datetime.now(UTC)
    with transaction() as session:
        found = report(session, new, at=now)
    if not as_json:
        for line in _lines(new, found):
            typer.echo(line)
    if yes or (not as_json and typer.confirm("发布这个版本？今后的新办件都按它办理")):
        with transaction() as session:
            keep_version(session, new, at=now)
            _adopt(file, new)
        done = True
    else:
        done = False
    if as_json:
        typer.echo(json.dumps(_described(new, found) | {"published": done}, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"已发布 {new.code} 的版本 {found.after}。" if done else "没有发布，什么都没有改变。")


def versions(
    code: Annotated[str, typer.Argument(metavar="CODE", help="编号，如 B1")], as_json: AsJson = False
) -> None:
    """一件事的各个版本，以及各有多少办件。"""
    current = in_force(code)
    if current is None:
        raise NotFound(f"没有编号为“{code}”的一件事，可用的编号：{'、'.join(catalogue())}。")
    with transaction() as session:
        counts = cases_by_version(session, code)
        rows = {row.digest: china_text(row.published_at) for row in versions_of(session, code)}
    rows.setdefault(current[1], "")
    found = [
        {
            "digest": digest,
            "first_used": when,
            "in_force": digest == current[1],
            "cases": counts.get(digest, (0, 0))[0],
            "open_cases": counts.get(digest, (0, 0))[1],
        }
        for digest, when in rows.items()
    ]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for row in found:
        mark = "现行" if row["in_force"] else "　　"
        typer.echo(
            f"{row['digest']}  {mark}  {row['first_used'] or '还没有用过'}  "
            f"办件 {row['cases']} 个，在办 {row['open_cases']} 个"
        )
    where = "本安装发布的" if (published() / f"{code}.yaml").is_file() else "随系统附带的"
    typer.echo(f"现行版本是{where}。")


def move_case(
    number: Annotated[str, typer.Argument(metavar="NO", help="办件编号")],
    as_user: Annotated[str, typer.Option("--as", metavar="USER", help="以哪个账号的身份和权限办理")],
    reason: Annotated[str, typer.Option(help="为什么迁移")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看能不能迁移、会有什么变动")] = False,
    as_json: AsJson = False,
) -> None:
    """把一个在办的办件迁移到现行版本；不能迁移的，说明原因。"""
    with transaction() as session:
        by = acting(session, as_user)
        case = case_called(session, number)
        found: list[Verdict] = []

        def take() -> None:
            found.append(move(session, case.number, reason, by=by, at=datetime.now(UTC)))

        if dry_run:
            foresee(session, case.number, take)
        else:
            take()
        changes = list(found[0].changes)
    if as_json:
        told = {"number": case.number, "moved": not dry_run, "changes": changes}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for change in changes:
        typer.echo(f"  {change}")
    typer.echo("以上只是预演，没有迁移。" if dry_run else f"办件 {case.number} 已迁移到现行版本。")


def _sound(file: Path) -> Bundle:
    """The bundle of the file, if nothing is wrong with it and it follows one that is on offer."""
    if faults := check_files([file]):
        for fault in faults:
            typer.echo(f"{fault.file}:{fault.line}：{fault.message}\n    改法：{fault.remedy}", err=True)
        raise Refused(f"{file.name} 有 {len(faults)} 处问题，没有发布。")
    new = load_bundle(file)
    current = in_force(new.code)
    if current is None:
        raise Refused(
            f"{new.code} 是一个新的一件事，要随系统一起部署，不能单独发布：见 docs/catalogue.md“Add a bundle”。"
        )
    if current[0].slug != new.slug:
        raise Refused(
            f"{new.code} 的英文名是 {current[0].slug}，版本之间不能改成 {new.slug}：Prefect 的部署以它命名。"
        )
    if current[1] == digest_of(new):
        raise Refused(f"{new.code} 的现行版本 {current[1]} 就是这一份，没有要发布的改动。")
    return new


def _adopt(file: Path, bundle: Bundle) -> None:
    """Put the file where every process finds it, whole and as it was checked, or not at all."""
    folder = published()
    target = folder / f"{bundle.code}.yaml"
    copied = target.with_suffix(".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copied)
        if load_bundle(copied) != bundle:
            raise Refused(f"{file.name} 在检查之后又改过，没有发布，请重新发布。")
        os.replace(copied, target)
    except OSError as error:
        raise Refused(f"新版本写不进 {folder}：{error.strerror}。") from None


def _lines(new: Bundle, found: Report) -> Iterator[str]:
    yield f"{new.name}（{new.code}）：版本 {found.before} → {found.after}"
    for change in found.changes:
        yield f"  {change.text}{'（只是用语）' if change.is_wording else ''}"
    yield f"在办办件 {len(found.cases)} 个："
    for fate in Fate:
        cases = found.of(fate)
        yield f"  {fate.label} {len(cases)} 个"
        if fate is not Fate.UNAFFECTED:
            yield from (f"    {line}" for case in cases[:SHOWN] for line in _of_case(case))
            if len(cases) > SHOWN:
                yield f"    ……还有 {len(cases) - SHOWN} 个，用 --json 看全部"
    if found.of(Fate.MOVABLE):
        yield "在办的都留在原来的版本；要迁移的，逐个用 yjs bundles move 办理。"


def _of_case(case: Standing) -> Iterator[str]:
    yield case.number
    yield from (f"  {line}" for line in (case.verdict.reasons or case.verdict.changes))


def _described(new: Bundle, found: Report) -> dict[str, Any]:
    return {
        "code": new.code,
        "before": found.before,
        "after": found.after,
        "changes": [vars(change) | {"wording": change.is_wording} for change in found.changes],
        "cases": [
            {
                "number": case.number,
                "version": case.digest,
                "fate": case.verdict.fate.value,
                "changes": list(case.verdict.changes),
                "reasons": list(case.verdict.reasons),
            }
            for case in found.cases
        ],
    }
