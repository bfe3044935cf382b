"""Numbers and addresses of people do not reach a log; what an engineer needs does."""

import pytest

from rules.redacting import case_named, redacted

KEPT = (
    "000000-B1-20260306-000001-2",
    "000000-B1-20260306-000001-2-Z",
    "reference 0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "1782345678901234567",
    "2026-03-06T01:30:00.123456+00:00",
    "127.0.0.1:58080",
)


@pytest.mark.parametrize("words", KEPT)
def test_what_is_nobodys_stays(words: str) -> None:
    assert redacted(words) == words


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("身份证 000000199001010018 不对", "身份证 <身份证号> 不对"),
        ("身份证 11010119900307663X 不对", "身份证 <身份证号> 不对"),
        ("13800000000", "<手机号>"),
        ("+8613800000000,", "<手机号>,"),
        ("to=chen.yi@example.com;", "to=<邮箱>;"),
        ("DETAIL:  Key (phone)=(x) already exists.\nnext", "DETAIL: <略>\nnext"),
        ("postgresql://yjs:secret@db:5432/x", "postgresql://<略>@db:5432/x"),
    ],
)
def test_what_is_somebodys_does_not(words: str, instead: str) -> None:
    assert redacted(words) == instead


def test_the_case_is_found_wherever_it_stands() -> None:
    assert case_named("办件 000000-B12-20260306-000001-2-01 失败") == "000000-B12-20260306-000001-2"
    assert case_named("没有办件") == ""
