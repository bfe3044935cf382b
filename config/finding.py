"""What do the checks of a bundle find, and what do they look at?"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.reading import Where
from rules.bundle import Bundle


@dataclass(frozen=True)
class Finding:
    """A fault in a bundle: where in the document, what, and what to do about it."""

    where: Where
    message: str
    remedy: str


@dataclass(frozen=True)
class Subject:
    """What is checked: the bundle, the departments there are, and the document as its author wrote it."""

    bundle: Bundle
    departments: frozenset[str]
    written: Mapping[str, Any]

    def wrote(self, *where: str | int) -> bool:
        """Does this field stand in the file, even as null?"""
        value: Any = self.written
        for part in where:
            value, there = inside(value, part)
            if not there:
                return False
        return True


def inside(value: Any, part: str | int) -> tuple[Any, bool]:
    """The part of a mapping or list, and whether it is there."""
    if isinstance(value, dict) and part in value:
        return value[part], True
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part], True
    return None, False


def doubled(values: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each value that stood there before, with its place."""
    seen: Counter[str] = Counter()
    for place, value in enumerate(values):
        seen[value] += 1
        if seen[value] > 1:
            yield place, value


def listed(values: Iterable[str]) -> str:
    """What there is to choose from, for a remedy."""
    return "、".join(sorted(values)) or "（还没有）"
