"""How does a template become text? Strict about names, escaping in letters, sandboxed for data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rules.phrasing import FILTERS

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, known: Mapping[str, Any]) -> str:
    """Plain text."""
    return _plain().get_template(template).render(known).strip()


def render_letter(template: str, known: Mapping[str, Any]) -> str:
    """HTML; whatever people wrote is escaped."""
    return _letters().get_template(template).render(known)


def render_own(source: str, known: Mapping[str, Any]) -> str:
    """A text that came as data with a bundle: it may name what we tell it, and do nothing else."""
    return _sandbox().from_string(source).render(known).strip()


@cache
def _plain() -> Environment:
    return _prepared(Environment(autoescape=False, loader=FileSystemLoader(TEMPLATES)))  # noqa: S701  no markup


@cache
def _letters() -> Environment:
    return _prepared(Environment(autoescape=True, loader=FileSystemLoader(TEMPLATES)))


@cache
def _sandbox() -> Environment:
    return _prepared(ImmutableSandboxedEnvironment(autoescape=False))


def _prepared(environment: Environment) -> Environment:
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= FILTERS
    return environment
