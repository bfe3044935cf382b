"""How does a template become text? Strict about names, escaping in letters, sandboxed for data."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, UndefinedError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rules.moments import china_date

TEMPLATES = Path(__file__).parent / "templates"
FEWEST = 3  # signs of a name that still say something


def render(template: str, known: Mapping[str, Any]) -> str:
    """Plain text."""
    return _plain().get_template(template).render(known).strip()


def render_letter(template: str, known: Mapping[str, Any]) -> str:
    """HTML; whatever people wrote is escaped."""
    return _letters().get_template(template).render(known)


def render_own(source: str, known: Mapping[str, Any]) -> str:
    """A text that came as data with a bundle: it may name what we tell it, and do nothing else."""
    return _compiled(source).render(known).strip()


@lru_cache(
    maxsize=1000
)  # of each version of each bundle some lines; compiling one costs more than filling it
def _compiled(source: str) -> Template:
    return _sandbox().from_string(source)


@cache
def source(template: str) -> str:
    """The text of a general template, as it stands in the file."""
    return (TEMPLATES / template).read_text(encoding="utf-8")


def names_in(template: str) -> set[str]:
    """What a general template names. Raises TemplateError for one that is not there or cannot be read."""
    _plain().get_template(template)
    tree = _plain().parse(source(template))
    own = {target.name for one in tree.find_all(nodes.Assign) for target in one.find_all(nodes.Name)}
    return meta.find_undeclared_variables(tree) - own


def digest(*texts: str) -> str:
    """Tells one version of a text from another."""
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()


@cache
def _plain() -> Environment:
    return _prepared(Environment(autoescape=False, loader=FileSystemLoader(TEMPLATES)))  # noqa: S701  no markup


@cache
def _letters() -> Environment:
    return _prepared(Environment(autoescape=True, loader=FileSystemLoader(TEMPLATES)))


@cache
def _sandbox() -> Environment:
    """Only Jinja's own filters, as the linter of the catalogue knows them."""
    return ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined, finalize=_something)


def _prepared(environment: Environment) -> Environment:
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {
        "short": _short,
        "listed": _listed,
        "sentence": _sentence,
        "with_others": _with_others,
        "within": _within,
    }
    return environment


def day(value: date, provisional: bool = False) -> str:
    """2026年4月3日."""
    return china_date(value) + ("（暂定）" if provisional else "")


def _something(value: Any) -> Any:
    """What is not known in this case must not be printed as None."""
    if value is None:
        raise UndefinedError("a value that this case does not have")
    return value


def _short(text: str, most: int) -> str:
    """At most so many signs."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _listed(names: Iterable[str]) -> str:
    """One line each."""
    return "\n".join(f"· {name}" for name in names)


def _within(names: Sequence[str], room: int) -> str:
    """All names in so many signs, the longest cut first; nothing when not even their beginnings fit."""
    longest = max(map(len, names), default=0)
    for width in range(longest, min(longest, FEWEST) - 1, -1):
        said = "；".join(_short(name, width) for name in names)
        if len(said) <= room:
            return said
    return ""


def _with_others(names: Sequence[str] | None, most: int) -> str:
    """市场监管等3个部门: the first by name, how many in all."""
    if not names:
        return "有关部门"
    first = _short(names[0], most)
    return first if len(names) == 1 else f"{first}等{len(names)}个部门"


def _sentence(text: str) -> str:
    """On one line, with its full stop, once."""
    return f"{' '.join(text.split()).rstrip('。.；;')}。"
