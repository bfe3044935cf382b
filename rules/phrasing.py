"""How are dates, lists and other people's sentences put into a text for applicants?"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date


def day(value: date | str) -> str:
    """2026年4月3日."""
    on = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{on.year}年{on.month}月{on.day}日"


def short(text: str, most: int) -> str:
    """At most so many signs."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def listed(names: Iterable[str]) -> str:
    """One line each."""
    return "\n".join(f"· {name}" for name in names)


def sentence(text: str) -> str:
    """On one line, with its full stop, once."""
    return f"{' '.join(text.split()).rstrip('。.；;')}。"


# What a message text may write after a bar: {{ due|day }}.
FILTERS: Mapping[str, Callable[..., str]] = {
    "day": day,
    "short": short,
    "listed": listed,
    "sentence": sentence,
}
