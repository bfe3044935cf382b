"""The table of docs/scaling.md is the one that the numbers beside it give."""

import re
from pathlib import Path

from bench.capacity import CITIES, table

PAGE = (Path(__file__).parents[1] / "docs" / "scaling.md").read_text(encoding="utf-8")


def test_the_table_follows_from_the_numbers_that_are_said_to_be_measured() -> None:
    said = re.search(r"record=([\d.]+) prefect=([\d.]+) cpu=([\d.]+)", PAGE)
    assert said, "the line with the measured numbers"
    assert table(*(float(one) for one in said.groups())) in PAGE
    assert f"每秒办结 {said[1]} 件，Prefect 里每秒完成 {said[2]} 件" in PAGE
    assert f"每件 {said[3]} 处理器秒" in PAGE


def test_a_city_by_hand() -> None:
    """17,000 a day, a fifth of them in one hour: 3,400, 0.944 a second."""
    line = next(line for line in table(4.0, 2.0, 1.2).splitlines() if "亳州 " in line)
    assert CITIES["亳州"] == 17_000
    assert line == "| 亳州 | 17,000 | 0.94 | 4.2 | 2.1 | 2 |"
