"""办事指南: the nine elements that must be published of each bundle, from the catalogue (行政许可法 art. 30)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from config.catalogue import departments
from config.counter import counter_of
from rules.bundle import Bundle, Limit
from rules.selecting import longest_path
from web.planning import path_said

ASSUMED = "本市尚未公布，暂按惯例"
# How sure we are of a source, in the catalogue's marks and in words for everybody.
MARKS = {"C": "已核对法律原文", "L": "外地或者地方的做法", "G": "一般了解，尚未核实", "A": ASSUMED}
MARK = re.compile(r"\s*\[([CLGA])\]")
LAW = "行政许可法第三十二条、第三十四条、第四十四条（已核对法律原文）"
UNKNOWN = "尚未公布"


@dataclass(frozen=True)
class Element:
    """One of the nine: what it says, where it comes from, and which section of the page says more."""

    name: str
    lines: tuple[str, ...]
    source: str
    more: str = ""


def elements(bundle: Bundle) -> tuple[Element, ...]:
    """名称、依据、流程、期限、材料、收费、地点、监督电话、责任人: in this order, none left out."""
    guide, lead, counter = bundle.guide, departments()[bundle.lead_department], counter_of(bundle)
    own = source_said(guide.source)
    listed = source_said("；".join(bundle.sources))
    return (
        Element("名称", (bundle.name,), listed),
        Element("设置依据", tuple(_basis(bundle)), listed, "items"),
        Element("办理流程", procedure(bundle), LAW, "procedure"),
        Element("办理期限", tuple(_limits(bundle)), _of_limits((bundle.promise, bundle.legal)), "items"),
        Element(
            "所需材料", (f"共 {len(bundle.materials)} 种，按您的情形需要其中一部分。",), listed, "materials"
        ),
        Element("收费情况", tuple(dict.fromkeys((guide.fee or UNKNOWN, *_fees(bundle)))), own),
        Element("受理地点", (counter.place, counter.hours), own),
        Element("监督电话", (guide.supervision_phone or lead.supervision_phone,), own),
        Element("责任人", (guide.responsible or UNKNOWN,), own),
    )


def procedure(bundle: Bundle) -> tuple[str, ...]:
    """How it goes, from the form to the result."""
    together = "联合办理（行政许可法第二十六条）" if bundle.joint_licence else "各部门分别办理"
    return (
        "在网上或者到综合窗口一次提交申请表和全套材料，领取收件回执和查询码。",
        "窗口核对材料：齐全的当场受理；不齐的，五个工作日内一次告知需要补正的全部内容。",
        f"受理后各部门同时办理，{together}；需要前一事项结果的，等结果一到立即办理。",
        f"每个部门各自作出决定并通知您；全部办结后（{bundle.join.label}）到窗口领取或者快递送达。",
    )


def source_said(source: str) -> str:
    """The source as people read it; where none is known it is a custom, not the law."""
    return marks_said(MARKS.get(source, source)) or ASSUMED


def marks_said(text: str) -> str:
    """Words in place of the catalogue's marks: they still tell what is law and what is not."""
    words = text.replace("assumption", ASSUMED)
    return MARK.sub(lambda mark: f"（{MARKS[mark[1]]}）", words)


def _basis(bundle: Bundle) -> Iterator[str]:
    for basis, names in _grouped((item.basis, item.name) for item in bundle.items):
        yield (
            f"{'、'.join(names)}：{marks_said(basis)}"
            if basis
            else f"{'、'.join(names)}：没有单独的设定依据，见来源"
        )


def _limits(bundle: Bundle) -> Iterator[str]:
    yield f"承诺 {bundle.promise.text}办结"
    yield f"法定 {bundle.legal.text}" if bundle.legal else "法律对整件事没有规定期限，各事项的期限见事项表"
    path = longest_path(bundle.items, {item.code: item.needs for item in bundle.items})
    if said := path_said(path, bundle.promise):
        names = " → ".join(bundle.item(code).name for code in path.items)
        yield f"事项最多时的最长路径：{names}。{said}"


def _fees(bundle: Bundle) -> Iterator[str]:
    for fee, names in _grouped((item.fee, item.name) for item in bundle.items):
        if fee != "不收费":
            yield f"{'、'.join(names)}：{fee}"


def _of_limits(limits: Iterable[Limit | None]) -> str:
    said = [limit.source or f"{limit.basis} [C]" for limit in limits if limit]
    return "；".join(source_said(one) for one in said)


def _grouped(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for key, name in pairs:
        found.setdefault(key, []).append(name)
    return list(found.items())
