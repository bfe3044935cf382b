"""How does our text pass a carrier that sends approved templates only? A code, and values in the carrier's order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from notifications.wording import CODE, Words
from rules.errors import Refused
from rules.notices import Event, variables

CONTENT = "content"  # the short message as a whole
LONGEST = 35  # signs a value, as carriers ask; source: aliyun, notification templates

CODE_FACTS = frozenset({"code", "minutes", CONTENT})


@dataclass(frozen=True)
class Filled:
    """A template of the carrier with what goes into it."""

    code: str
    values: Mapping[str, str]  # in the order of the setting


def approved(templates: Mapping[str, str], words: Words | None, body: str, general: str) -> Filled:
    """The template of the event, else the general one, which takes the whole message as its one variable."""
    event = (words.event.value if words.event else words.key) if words else ""
    if not (entry := templates.get(event, "")):
        if not general:
            raise Refused(f"没有为“{_label(event)}”配置短信模板。")
        entry = f"{general} {CONTENT}"
    code, *names = entry.split()
    known = {**(words.known if words else {}), CONTENT: _without_link(words, body)}
    return Filled(code, {name: _said(name, known.get(name)) for name in names})


def template_faults(setting: str, templates: Mapping[str, str], general: str | None) -> list[str]:
    """What is wrong with this table, one sentence each; `general` is None where no templates are needed."""
    faults = []
    events = {event.value: event for event in Event}
    for key, entry in templates.items():
        _, *names = entry.split() or [""]
        if key == CODE:
            odd = [name for name in names if name not in CODE_FACTS]
            faults += [f"{setting}：{key} 里有不认识的变量 {'、'.join(odd)}"] if odd else []
        elif key not in events:
            faults.append(f"{setting}：没有名为 {key} 的通知事由")
        elif not entry.split():
            faults.append(f"{setting}：{key} 没有写模板编号")
        elif odd := [name for name in names if name not in variables(events[key]) | {CONTENT}]:
            faults.append(f"{setting}：{key} 里有不认识的变量 {'、'.join(odd)}")
    if general == "" and (missing := [e.label for e in Event if e.value not in templates]):
        faults.append(f"{setting}：没有通用模板，这些事由也没有自己的：{_some(missing)}")
    return [f"设置 {fault}。" for fault in faults]


def _some(labels: list[str]) -> str:
    return "、".join(labels[:3]) + (f"等 {len(labels)} 项" if len(labels) > 3 else "")


def _label(event: str) -> str:
    return Event(event).label if event in set(Event) else "验证码" if event == CODE else "这条消息"


def _without_link(words: Words | None, body: str) -> str:
    """Carriers let no address through in a value; it may stand in the template itself."""
    link = words.known.get("link") if words else ""
    return body.replace(link, "").strip() if link else body


def _said(name: str, value: Any) -> str:
    if isinstance(value, bool):
        value = "是" if value else "否"
    elif isinstance(value, Iterable) and not isinstance(value, str):
        value = "、".join(_named(one) for one in value)
    text = " ".join(str("" if value is None else value).split())
    return text if name == CONTENT or len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _named(one: Any) -> str:
    """Of an item or a certificate, what it is called."""
    return str(one.get("item") or one.get("name") or "") if isinstance(one, Mapping) else str(one)
