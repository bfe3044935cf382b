"""`yjs bundles`: which bundles are there, what does one involve, and are the files in order?"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import versions
from config.catalogue import catalogue, departments, digest_of, document_of
from config.lint import check_files
from rules.bundle import Bundle, Gate, ItemSpec, Limit, MaterialSpec, OnRefused, Question, Unit
from rules.errors import NotFound
from rules.people import ApplicantKind
from rules.selecting import longest_path, waves

app = typer.Typer(no_args_is_help=True, add_completion=False, help="查看、检查和发布一件事的目录。")

AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]
MARKS = "标记：[L] 只是某地的做法，[G] 通行说法、未核实，assumption 本系统的假设，请按本地规定修改。"


@app.command("list")
def list_bundles(as_json: AsJson = False) -> None:
    """列出可以办理的一件事。"""
    bundles = catalogue().values()
    if as_json:
        _say_json([_summary(bundle) for bundle in bundles])
        return
    for bundle in bundles:
        offices = len({item.department for item in bundle.items})
        typer.echo(f"{bundle.code}  {bundle.name}")
        typer.echo(f"    {len(bundle.items)} 个事项，{offices} 个部门，承诺 {bundle.promise.text}")


@app.command()
def show(
    code: Annotated[str, typer.Argument(metavar="CODE", help="编号或英文名，如 B1")], as_json: AsJson = False
) -> None:
    """一件事的办事指南：情形、事项、先后、期限、材料。"""
    bundle = _bundle_named(code)
    if as_json:
        _say_json(
            document_of(bundle) | {"digest": digest_of(bundle), "waves": waves(bundle.items, _needs(bundle))}
        )
        return
    for line in _guide(bundle):
        typer.echo(line)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="一件事的 YAML 文件")],
    as_json: AsJson = False,
) -> None:
    """检查一件事的文件，一次列出所有问题和改法；有问题时退出码为 1。"""
    faults = check_files(files)
    if as_json:
        _say_json({"files": len(files), "faults": [vars(fault) for fault in faults]})
    for fault in faults:
        typer.echo(f"{fault.file}:{fault.line}：{fault.message}\n    改法：{fault.remedy}", err=True)
    if faults:
        broken = len({fault.file for fault in faults})
        typer.echo(f"检查了 {len(files)} 个文件，{broken} 个文件有 {len(faults)} 处问题。", err=True)
        raise typer.Exit(1)
    if not as_json:
        typer.echo(f"检查了 {len(files)} 个文件，没有问题。")


def _bundle_named(code: str) -> Bundle:
    for bundle in catalogue().values():
        if code in (bundle.code, bundle.slug):
            return bundle
    raise NotFound(f"没有编号为“{code}”的一件事，可用的编号：{'、'.join(catalogue())}。")


def _summary(bundle: Bundle) -> dict[str, Any]:
    return {
        "code": bundle.code,
        "slug": bundle.slug,
        "name": bundle.name,
        "lead_department": bundle.lead_department,
        "items": len(bundle.items),
        "departments": sorted({item.department for item in bundle.items}),
        "promise": bundle.promise.text,
        "legal": bundle.legal.text if bundle.legal else None,
        "digest": digest_of(bundle),
    }


def _guide(bundle: Bundle) -> Iterator[str]:
    lead = departments()[bundle.lead_department]
    path = longest_path(bundle.items, _needs(bundle))
    yield f"{bundle.name}（{bundle.code}，{bundle.slug}，版本 {digest_of(bundle)}）"
    yield bundle.summary
    yield ""
    yield f"牵头部门：{lead.name}，{lead.place}，电话 {lead.phone}，监督电话 {lead.supervision_phone}"
    yield f"谁可以申请：{'、'.join(ApplicantKind(kind).label for kind in bundle.audience)}"
    yield f"承诺期限：{_limit(bundle.promise)}"
    if bundle.legal:
        yield f"法定期限：{_limit(bundle.legal)}"
    yield f"最长路径：{' → '.join(path.items)}，约 {path.working_days} 个工作日"
    yield f"结果：{bundle.join.label}"
    yield from _section("一、情形", (_question(question) for question in bundle.questions))
    yield from _section("二、事项", (line for item in bundle.items for line in _item(bundle, item)))
    yield from _section("三、先后", _order(bundle))
    yield from _section("四、材料", (_material(bundle, material) for material in bundle.materials))
    yield from _section("五、依据", bundle.sources)
    yield ""
    yield MARKS


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    for line in lines:
        yield f"  {line}"


def _question(question: Question) -> str:
    default = question.default
    if isinstance(default, bool):
        default = "是" if default else "否"
    choices = f"（{'、'.join(choice.value for choice in question.choices)}）" if question.choices else ""
    when = f"，仅当 {question.when}" if question.when else ""
    return f"{question.id} {question.text}{choices} 默认：{default}{when}"


def _item(bundle: Bundle, item: ItemSpec) -> Iterator[str]:
    yield f"{item.code} {item.name}（{departments()[item.department].short_name}）" + (
        f"，仅当 {item.when}" if item.when else ""
    )
    yield f"    承诺：{_limit(item.promise)}"
    yield f"    法定：{_limit(item.legal) if item.legal else '没有检索到规定'}"
    if item.commitment:
        quicker = f"承诺 {_limit(item.commitment.promise)}" if item.commitment.promise else "当场决定"
        yield f"    告知承诺：{item.commitment.when} 时，{quicker}，{item.commitment.post_check_wd} 个工作日内核查"
    for label, text in _particulars(bundle, item).items():
        if text:
            yield f"    {label}：{text}"
    for need in item.needs:
        refused = "，前置不予的不再办理" if need.on_refused is OnRefused.CANCEL else "，前置不予的继续办理"
        when = f"，仅当 {need.when}" if need.when else ""
        yield f"    前置：{need.item} {bundle.item(need.item).name}（{need.gate.label}{refused}{when}）"


def _particulars(bundle: Bundle, item: ItemSpec) -> Mapping[str, str]:
    validity = f"，有效期 {item.result_validity_years} 年" if item.result_validity_years else ""
    return {
        "依据": item.basis,
        "条件": "；".join(item.conditions),
        "公示": _limit(item.notice_period) if item.notice_period else "",
        "特别程序": "、".join(special.kind for special in item.special),
        "材料": "、".join(bundle.material(name).name for name in item.materials),
        "结果": item.result + validity if item.result else "",
        "收费": item.fee,
        "说明": item.note,
    }


def _order(bundle: Bundle) -> Iterator[str]:
    for place, wave in enumerate(waves(bundle.items, _needs(bundle)), start=1):
        yield f"第 {place} 批（同时开始）：{'；'.join(f'{code} {bundle.item(code).name}' for code in wave)}"
    for item in bundle.items:
        awaited = [need.item for need in item.needs if need.gate is Gate.DECISION]
        if awaited:
            yield f"{item.code} 先行审查，等 {'、'.join(awaited)} 办结后决定"


def _material(bundle: Bundle, material: MaterialSpec) -> str:
    parts = [f"{material.id} {material.name}：{material.source.label}"]
    if material.from_item:
        parts.append(f"由 {material.from_item} {bundle.item(material.from_item).name}产生")
    if material.core:
        parts.append("核心材料，不得容缺")
    if material.deferrable:
        parts.append(f"可以容缺，{material.defer_days} 个工作日内补交")
    if material.when:
        parts.append(f"仅当 {material.when}")
    return "，".join([*parts, *([material.note] if material.note else [])])


def _limit(limit: Limit) -> str:
    longer = f"，可延长 {limit.extend}{limit.unit.label}" if limit.extend else ""
    told = [part for part in (limit.basis, limit.source) if part]
    text = "即办" if limit.unit is Unit.IMMEDIATE else limit.text
    return f"{text}{longer}" + (f"（{'；'.join(told)}）" if told else "")


def _needs(bundle: Bundle) -> Mapping[str, Any]:
    return {item.code: item.needs for item in bundle.items}


def _say_json(content: Any) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))


app.command("publish")(versions.publish)
app.command("versions")(versions.versions)
app.command("move")(versions.move_case)
