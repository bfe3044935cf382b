"""Do the parts of a bundle name each other rightly? Codes, departments, dependencies, materials."""

import re
from collections.abc import Iterator

from config.finding import Finding, Subject, doubled, listed
from rules.bundle import ItemSpec, MaterialSpec, Source
from rules.people import ApplicantKind
from rules.selecting import Needs

BUNDLE_CODE = r"[A-Z][A-Z0-9]{0,7}"  # a part of every case number
NOT_IN_A_NAME = re.compile(
    r"[/%&<>\r\n]"
)  # Prefect takes no flow with one of the signs; a subject is one line
SLUG = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
MATERIAL_ID = r"M-[A-Z0-9]+(-[A-Z0-9]+)*"
ITEM_TYPES = frozenset({f"{number:02d}" for number in range(1, 12)} | {"20", "21"})  # GB/T 39046-2020 A.1
PROJECT_TYPES = frozenset({"1", "2", "9"})  # A.6


def check_names(subject: Subject) -> Iterator[Finding]:
    """Codes, names, audience and departments."""
    bundle = subject.bundle
    if not re.fullmatch(BUNDLE_CODE, bundle.code):
        yield Finding(
            ("code",), f"一件事编号“{bundle.code}”不合规则。", "请写成 B9 这样的大写字母和数字，最多 8 位。"
        )
    if not re.fullmatch(SLUG, bundle.slug) or len(bundle.slug) > 60:
        yield Finding(
            ("slug",), f"英文名“{bundle.slug}”不合规则。", "请写成 open-a-restaurant 这样的小写字母和短横线。"
        )
    if not 0 < len(bundle.name.strip()) <= 100:
        yield Finding(("name",), "一件事没有名称，或超过 100 字。", "请填写名称。")
    if NOT_IN_A_NAME.search(bundle.name):
        remedy = "Prefect 的流程以它命名，不接受这些符号，请换成文字或顿号，写在一行里。"
        yield Finding(("name",), "一件事的名称里有 /、%、&、<、> 或换行。", remedy)
    known = {kind.value for kind in ApplicantKind}
    if not bundle.audience or not set(bundle.audience) <= known:
        yield Finding(("audience",), "申请人范围写得不对。", f"可以写：{listed(known)}，至少一种。")
    yield from _department(subject, ("lead_department",), bundle.lead_department)
    if not bundle.items:
        yield Finding(("items",), "没有事项。", "一件事至少要有一个事项。")


def check_items(subject: Subject) -> Iterator[Finding]:
    """Each item by itself."""
    items = subject.bundle.items
    for place, code in doubled(item.code for item in items):
        yield Finding(("items", place, "code"), f"事项编号 {code} 重复。", "请给每个事项不同的编号。")
    for place, item in enumerate(items):
        where = ("items", place)
        if not re.fullmatch(rf"{re.escape(subject.bundle.code)}-[A-Z0-9]{{1,6}}", item.code):
            remedy = f"请写成 {subject.bundle.code}-1 这样的编号。"
            yield Finding((*where, "code"), f"事项编号“{item.code}”不合规则。", remedy)
        if not 0 < len(item.name.strip()) <= 200:
            yield Finding((*where, "name"), "事项没有名称，或超过 200 字。", "请填写名称。")
        if item.item_type not in ITEM_TYPES:
            remedy = f"按 GB/T 39046-2020 表 A.1 填写：{listed(ITEM_TYPES)}。"
            yield Finding((*where, "item_type"), f"没有“{item.item_type}”这种事项类型。", remedy)
        if item.project_type not in PROJECT_TYPES:
            remedy = "按 GB/T 39046-2020 表 A.6 填写：1 即办件，2 承诺件，9 其他。"
            yield Finding((*where, "project_type"), f"没有“{item.project_type}”这种办件类型。", remedy)
        yield from _department(subject, (*where, "department"), item.department)


def check_needs(subject: Subject) -> Iterator[Finding]:
    """Dependencies: on items that exist, once each, and never in a circle."""
    codes = {item.code for item in subject.bundle.items}
    for place, item in enumerate(subject.bundle.items):
        for at, need in enumerate(item.needs):
            if need.item not in codes:
                where = ("items", place, "needs", at, "item")
                yield Finding(
                    where,
                    f"事项 {item.code} 依赖的事项“{need.item}”不存在。",
                    f"可用的事项：{listed(codes)}。",
                )
        for at, code in doubled(need.item for need in item.needs):
            where = ("items", place, "needs", at, "item")
            yield Finding(where, f"事项 {item.code} 对 {code} 的依赖写了两遍。", "请只留一处，或合并条件。")
    reached: set[str] = set()
    for place, item in enumerate(subject.bundle.items):
        circle = _circle(item, subject)
        if circle and item.code not in reached:
            reached |= set(circle)
            way = " → ".join((*circle, circle[0]))
            yield Finding(("items", place, "needs"), f"事项之间循环依赖：{way}。", "请去掉其中一个依赖。")


def check_materials(subject: Subject) -> Iterator[Finding]:
    """Each material collected once, from somewhere, for somebody."""
    materials = subject.bundle.materials
    for place, name in doubled(material.id for material in materials):
        yield Finding(("materials", place, "id"), f"材料编号 {name} 重复。", "同一材料只收一次，请合并。")
    for place, name in doubled(material.name.strip() for material in materials):
        yield Finding(
            ("materials", place, "name"),
            f"材料“{name}”要收两次。",
            "同一材料只收一次，请合并；不同的材料请用不同的名称。",
        )
    used = {material for item in subject.bundle.items for material in item.materials}
    for place, material in enumerate(materials):
        where = ("materials", place)
        if not re.fullmatch(MATERIAL_ID, material.id) or len(material.id) > 32:
            yield Finding(
                (*where, "id"),
                f"材料编号“{material.id}”不合规则。",
                "请写成 M-LAYOUT 这样的大写字母和短横线，最多 32 位。",
            )
        if not 0 < len(material.name.strip()) <= 200:
            yield Finding((*where, "name"), "材料没有名称，或超过 200 字。", "请填写名称。")
        if material.id not in used:
            remedy = "不得收取无关材料（行政许可法第三十一条）：请写进用它的事项的 materials，或删去。"
            yield Finding(where, f"材料 {material.id} 没有事项使用。", remedy)
        yield from _deferral(where, material)
        yield from _origin(subject, where, material)
    yield from _uses(subject)


def predecessors(subject: Subject, item: ItemSpec) -> set[str]:
    """Every item before this one, directly or by others."""
    specs = {other.code: other for other in subject.bundle.items}
    found: set[str] = set()
    open_ends = [need.item for need in item.needs]
    while open_ends:
        code = open_ends.pop()
        if code in specs and code not in found:
            found.add(code)
            open_ends += [need.item for need in specs[code].needs]
    return found


def straight_needs(subject: Subject) -> Needs:
    """The dependencies that can be followed: on items there are, and not round in a circle."""
    before = {item.code: predecessors(subject, item) for item in subject.bundle.items}
    return {
        item.code: tuple(
            need
            for need in item.needs
            if need.item in before and item.code not in before[need.item] | {need.item}
        )
        for item in subject.bundle.items
    }


def _circle(item: ItemSpec, subject: Subject) -> tuple[str, ...]:
    """The shortest way from the item back to itself, or nothing."""
    specs = {other.code: other for other in subject.bundle.items}
    ways: list[tuple[str, ...]] = [(item.code,)]
    seen: set[str] = set()
    for way in ways:
        for need in specs[way[-1]].needs if way[-1] in specs else ():
            if need.item == item.code:
                return way
            if need.item not in seen:
                seen.add(need.item)
                ways.append((*way, need.item))
    return ()


def _department(subject: Subject, where: tuple[str | int, ...], code: str) -> Iterator[Finding]:
    if code not in subject.departments:
        remedy = f"可用的部门：{listed(subject.departments)}；新部门请先写进 config/departments.yaml。"
        yield Finding(where, f"没有编号为“{code}”的部门。", remedy)


def _deferral(where: tuple[str | int, ...], material: MaterialSpec) -> Iterator[Finding]:
    if material.deferrable and material.core:
        remedy = "核心材料和安全材料不得容缺，请把 deferrable 改为 false。"
        yield Finding((*where, "deferrable"), f"核心材料 {material.id} 写成了可以容缺。", remedy)
    if material.deferrable and material.source is not Source.APPLICANT:
        remedy = "只有申请人提供的材料才谈得上容缺，请删去 deferrable。"
        yield Finding((*where, "deferrable"), f"材料 {material.id} 不由申请人提供，却可以容缺。", remedy)
    if material.deferrable and not 1 <= material.defer_days <= 60:
        yield Finding(
            (*where, "defer_days"),
            f"材料 {material.id} 没有写补交期限。",
            "请写 defer_days：1 至 60 个工作日。",
        )
    if material.defer_days and not material.deferrable:
        yield Finding(
            (*where, "defer_days"), f"材料 {material.id} 不可容缺，却有补交期限。", "请删去 defer_days。"
        )


def _origin(subject: Subject, where: tuple[str | int, ...], material: MaterialSpec) -> Iterator[Finding]:
    if material.source is not Source.PREDECESSOR:
        if material.from_item:
            remedy = "请删去 from_item，或把 source 改为 predecessor。"
            yield Finding(
                (*where, "from_item"), f"材料 {material.id} 不是前置事项产生的，却写了 from_item。", remedy
            )
        return
    producers = {item.code: item for item in subject.bundle.items}
    producer = producers.get(material.from_item)
    if producer is None:
        remedy = f"请写明产生它的事项：{listed(producers)}。"
        yield Finding(
            (*where, "from_item"), f"产生材料 {material.id} 的事项“{material.from_item}”不存在。", remedy
        )
    elif not producer.result:
        remedy = "请给该事项写上 result，或改用别的事项。"
        yield Finding(
            (*where, "from_item"), f"事项 {producer.code} 不产生结果，不能产生材料 {material.id}。", remedy
        )


def _uses(subject: Subject) -> Iterator[Finding]:
    materials = {material.id: material for material in subject.bundle.materials}
    for place, item in enumerate(subject.bundle.items):
        before = predecessors(subject, item)
        for at, name in enumerate(item.materials):
            where = ("items", place, "materials", at)
            material = materials.get(name)
            if material is None:
                yield Finding(
                    where, f"事项 {item.code} 要的材料“{name}”不存在。", "请写进 materials，或改正编号。"
                )
            elif material.source is Source.PREDECESSOR and material.from_item not in before:
                remedy = f"请在 {item.code} 的 needs 里加上 {material.from_item}，或改变材料来源。"
                message = f"材料 {name} 由 {material.from_item} 产生，它却不是 {item.code} 的前置事项。"
                yield Finding(where, message, remedy)
        for at, name in doubled(item.materials):
            yield Finding(
                ("items", place, "materials", at),
                f"事项 {item.code} 的材料 {name} 写了两遍。",
                "请只留一处。",
            )
