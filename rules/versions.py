"""What changed between two versions of a bundle? Every difference in a sentence."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from rules.bundle import Bundle, Choice, ItemSpec, Limit, MaterialSpec, Need, Question, Special, Supplement
from rules.named import Named
from rules.retention import Retention

LABELS = {
    "name": "名称",
    "lead_department": "牵头部门",
    "joint_licence": "并联许可",
    "promise": "承诺期限",
    "legal": "法定期限",
    "join": "结论方式",
    "audience": "申请人范围",
    "supplement": "补正安排",
    "deferral_silence": "容缺逾期的后果",
    "supervision": "预警提前量",
    "considerate": "体恤用语",
    "messages": "通知用语",
    "summary": "简介",
    "sources": "依据",
    "guide": "办事指南",
    "publication": "结果公开",
    "retention": "保存期限",
    "department": "承办部门",
    "item_type": "事项类型",
    "project_type": "办件类型",
    "when": "适用情形",
    "needs": "前置事项",
    "materials": "材料",
    "special": "特别程序",
    "commitment": "告知承诺",
    "result": "结果",
    "result_validity_years": "有效期",
    "basis": "设定依据",
    "conditions": "办理条件",
    "fee": "收费",
    "notice_period": "公示期",
    "automatic": "秒批条件",
    "silence": "默示同意期限",
    "blocks": "不予时停办的范围",
    "steps": "内部环节",
    "visit": "现场踏勘",
    "rectify": "整改期限",
    "note": "说明",
    "source": "来源",
    "deferrable": "可否容缺",
    "defer_days": "容缺天数",
    "core": "核心材料",
    "from_item": "由哪个事项产生",
    "text": "问法",
    "type": "类型",
    "default": "默认回答",
    "choices": "选项",
    "help": "提示",
    "least": "最小的数",
}
# Words for guides and messages, and what only supervises us: nobody's rights hang on them.
WORDING = frozenset(
    {
        "messages",
        "summary",
        "sources",
        "considerate",
        "supervision",
        "guide",
        "publication",
        "basis",
        "note",
        "text",
        "help",
    }
)


@dataclass(frozen=True)
class Change:
    """One difference. `about` is '' for the bundle, else the code of an item, a material or a question."""

    about: str
    field: str  # '' where the whole of it came or went
    text: str

    @property
    def is_wording(self) -> bool:
        return self.field in WORDING


def changes_between(
    old: Bundle, new: Bundle, departments: Mapping[str, str] | None = None
) -> tuple[Change, ...]:
    """Every difference, in the order people read a bundle; departments by their names, where they are given."""
    old, new = (_with_names(bundle, departments or {}) for bundle in (old, new))
    return (
        *_fields_of("", "", old, new, leave=("code", "slug", "items", "materials", "questions")),
        *_parts("问题", _by("id", old.questions), _by("id", new.questions)),
        *_parts("事项", _by("code", old.items), _by("code", new.items)),
        *_parts("材料", _by("id", old.materials), _by("id", new.materials)),
    )


def _with_names(bundle: Bundle, departments: Mapping[str, str]) -> Bundle:
    def named(code: str) -> str:
        return departments.get(code, code)

    items = tuple(replace(item, department=named(item.department)) for item in bundle.items)
    return replace(bundle, lead_department=named(bundle.lead_department), items=items)


def _by(key: str, parts: Iterable[Any]) -> dict[str, Any]:
    return {getattr(part, key): part for part in parts}


def _parts(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key, part in new.items():
        if key not in old:
            yield Change(key, "", f"增加{what}“{_name(part)}”（{key}）")
        else:
            yield from _fields_of(key, f"{what}“{_name(old[key])}”的", old[key], part, leave=())
    for key, part in old.items():
        if key not in new:
            yield Change(key, "", f"去掉{what}“{_name(part)}”（{key}）")


def _fields_of(about: str, whose: str, old: Any, new: Any, leave: tuple[str, ...]) -> Iterator[Change]:
    for one in fields(old):
        before, after = getattr(old, one.name), getattr(new, one.name)
        if before == after or one.name in leave:
            continue
        label = LABELS.get(one.name, one.name)
        if _same(before, after):
            yield Change(about, "basis", f"{whose}{label}的依据或来源有改动")
        else:
            yield Change(about, one.name, f"{whose}{label}由{_said(before)}改为{_said(after)}")


def differing(old: Any, new: Any) -> list[str]:
    """The fields in which two parts differ."""
    return [one.name for one in fields(old) if not _same(getattr(old, one.name), getattr(new, one.name))]


def _same(before: Any, after: Any) -> bool:
    """Where a figure comes from is a matter of words."""
    if isinstance(before, Limit) and isinstance(after, Limit):
        return (before.n, before.unit, before.extend) == (after.n, after.unit, after.extend)
    if isinstance(before, Retention) and isinstance(after, Retention):
        return before.years == after.years
    return bool(before == after)


def labelled(names: Iterable[str]) -> str:
    """The names of fields as people read them."""
    return "、".join(LABELS.get(name, name) for name in names)


def _name(part: ItemSpec | MaterialSpec | Question) -> str:
    return part.text if isinstance(part, Question) else part.name


def _said(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if value in (None, "", ()):
        return "无"
    if isinstance(value, tuple):
        return "、".join(_said(one) for one in value)
    return next((say(value) for kind, say in SAID.items() if isinstance(value, kind)), "新的安排")


SAID: Mapping[type, Callable[[Any], str]] = {
    Limit: lambda limit: f"{limit.text}（可延长{limit.extend}）" if limit.extend else limit.text,
    Retention: lambda retention: f"{retention.years}年",
    Named: lambda named: f"“{named.label}”",
    Need: lambda need: f"{need.item}（{need.gate.label}，{need.on_refused.label}）",
    Supplement: lambda one: f"{one.window.text}内提出、{one.answer.text}内补正、{one.silence.label}",
    Special: lambda one: f"“{one.kind}”{'（停法定期限）' if one.stops_statutory else ''}",
    Choice: lambda choice: choice.text,
    str: lambda text: f"“{text}”",
    int: str,
    float: str,
}
