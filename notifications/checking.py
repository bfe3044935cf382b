"""What would keep messages from leaving? The settings of the channels and the general texts, before anybody waits."""

from collections.abc import Iterator

from jinja2 import TemplateError, TemplateNotFound

from notifications.channels import settings_faults
from notifications.rendering import names_in
from rules.notices import Event, variables

LAYOUT = {  # how a letter is laid out around its text
    "mail.txt.j2": frozenset({"said", "paper", "statutory"}),
    "mail.html.j2": frozenset({"said", "paper", "statutory", "subject"}),
}


def faults() -> list[str]:
    """One sentence each; never a secret."""
    return [*settings_faults(), *text_faults()]


def text_faults() -> list[str]:
    """Every event has its texts, they can be read, and name nothing that is not told with it."""
    found = []
    for template, allowed in _texts():
        try:
            odd = names_in(template) - allowed
        except TemplateNotFound:
            found.append(f"通知模板 {template} 不见了。")
            continue
        except TemplateError as error:
            found.append(f"通知模板 {template} 不能用：{error.message}。")
            continue
        if odd:
            found.append(f"通知模板 {template} 里有不认识的变量 {'、'.join(sorted(odd))}。")
    return found


def _texts() -> Iterator[tuple[str, frozenset[str]]]:
    anything = frozenset().union(*(variables(event) for event in Event))
    for event in Event:
        for kind in ("txt", "sms"):
            yield f"{event.value}.{kind}.j2", variables(event)
    for layout, own in LAYOUT.items():
        yield layout, anything | own
