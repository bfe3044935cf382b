"""Are faults of the general texts named before anybody waits for a message?"""

from collections.abc import Generator
from pathlib import Path

import pytest

from notifications import rendering
from notifications.checking import text_faults


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A copy of the texts to spoil."""
    kept = (rendering.source, rendering._plain, rendering._letters)
    for file in rendering.TEMPLATES.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(rendering, "TEMPLATES", tmp_path)
    for cached in kept:
        cached.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    for cached in kept:
        cached.cache_clear()


def test_the_texts_as_they_are_have_no_fault() -> None:
    assert text_faults() == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("ready.sms.j2", "请到{{ palce }}。", "里有不认识的变量 palce"),
        ("ready.sms.j2", "请到{{ place。", "不能用"),
        ("ready.txt.j2", "{{ place|nonsense }}", "不能用"),
        ("ready.txt.j2", None, "不见了"),
    ],
)
def test_a_spoilt_text_is_named(texts: Path, name: str, text: str | None, says: str) -> None:
    if text is None:
        (texts / name).unlink()
    else:
        (texts / name).write_text(text, encoding="utf-8")
    found = [fault for fault in text_faults() if name in fault]
    assert len(found) == 1
    assert says in found[0]
    assert str(texts) not in found[0]
