"""Which districts does an installation know, and what is said of a file or a code that is wrong?"""

from pathlib import Path

import pytest

from config.districts import FILE, choices, district_given, district_name, read_districts
from config.settings import settings
from rules.errors import Faulty, Refused

GOOD = 'districts:\n  - {code: "000001", name: 示例区}\n'


def test_the_shipped_file_is_right_and_made_up() -> None:
    assert all(code.startswith("0000") for code in read_districts(FILE))


def test_an_account_is_narrowed_to_a_part_of_the_region(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "000000" not in choices()
    assert district_given(" 000001 ") == "000001"
    assert district_given("") == district_given("000000") == ""  # one spelling for the whole
    assert (district_name(""), district_name("000001001")) == ("示例市", "示例街道")
    monkeypatch.setenv("YJS_REGION", "000001")
    settings.cache_clear()
    try:
        assert list(choices()) == ["000001001", "000001002"]
        assert district_given("000001") == district_given("000000") == ""
        with pytest.raises(Faulty, match="可用的：000001001（示例街道）"):
            district_given("000002")
    finally:
        monkeypatch.undo()
        settings.cache_clear()


@pytest.mark.parametrize("typed", ["000009", "1", "000001x", "〇〇〇〇〇一", "0000010", "%", "000001'; --"])
def test_a_code_that_nobody_knows_is_one_sentence(typed: str) -> None:
    with pytest.raises(Faulty, match=r"没有行政区划“.*”，可用的：000001（示例区）"):
        district_given(typed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "读不了"),
        ("districts: 3\n", "应有 districts 一项"),
        ("districts:\n  - {code: 000001, name: 示例区}\n", "第 1 个区划的 code 应是加引号的"),
        (GOOD + '  - {code: "00000", name: 少一位}\n', "第 2 个区划的 code"),
        (GOOD + '  - {code: "000002"}\n', "（000002）应有 name"),
        (GOOD + '  - {code: "000001", name: 又一次}\n', "区划 000001 写了两次"),
        (GOOD + '  - {code: "000009001", name: 无县之镇}\n', "却没有它所在的县（区）000009"),
        (GOOD + "  - 000002\n", "第 2 个区划的 code"),
    ],
)
def test_a_fault_of_the_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "districts.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=said):
        read_districts(file)
