"""The tables as files: ours hold, and a faulty one is refused with the day that is wrong."""

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.calendars import SHIPPED, calendar_for
from config.year_tables import doubts_about, read_table
from rules.errors import Refused
from tests.clocks import day

OURS = json.loads((SHIPPED / "2026.json").read_text(encoding="utf-8"))
Change = Callable[[dict[str, Any]], Any]


def written(folder: Path, raw: object, name: str = "table.json") -> Path:
    path = folder / name
    path.write_text(raw if isinstance(raw, str) else json.dumps(raw), encoding="utf-8")
    return path


def without(text: str) -> Change:
    return lambda raw: raw.update(days=[entry for entry in raw["days"] if entry["date"] != text])


def one_more(**entry: object) -> Change:
    return lambda raw: raw["days"].append({"name": "春节", "isOffDay": True, **entry})


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.name)
def test_our_tables_are_whole_and_name_their_notice(path: Path) -> None:
    table = read_table(path)
    assert doubts_about(table) == []
    assert all(source.startswith("https://www.gov.cn/") for source in table.sources)
    assert table.sources


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without("2026-10-04"), "缺少 2026-10-04"),
        (without("2026-02-18"), "缺少 2026-02-18"),
        (one_more(date="2026-02-17"), "2026-02-17 写了两次"),
        (one_more(date="2026-02-14", isOffDay=True), "2026-02-14 写了两次"),
        (one_more(date="2025-12-31"), "2025-12-31 不是 2026 年"),
        (one_more(date="2027-01-01"), "2027-01-01 不是 2026 年"),
        (one_more(date="2026-03-11", isOffDay=False), "2026-03-11 是周三，本来就上班"),
        (one_more(date="2026-02-30"), "没有“2026-02-30”这一天"),
        (one_more(date=20260301), "没有“20260301”这一天"),
        (one_more(), "没有“None”这一天"),
        (one_more(date="2026-03-07", isOffDay="yes"), "2026-03-07 应有"),
        (one_more(date="2026-03-07", name=" "), "2026-03-07 应有"),
        (one_more(date="2026-03-07", name=7), "name 应是文字"),
        (lambda raw: raw["days"].append("2026-03-07"), "每一条都应有"),
        (lambda raw: raw.update(days=[]), "不能是空的"),
        (lambda raw: raw.pop("days"), "不能是空的"),
        (lambda raw: raw.pop("year"), "year"),
        (lambda raw: raw.update(year="2026"), "year"),
        (lambda raw: raw.update(year=True), "year"),
        (lambda raw: raw.update(year=1899), "year"),
        (lambda raw: raw.update(region="阿勒泰"), "6 位"),
        (lambda raw: raw.update(papers="gov.cn"), "papers"),
        (lambda raw: raw.update(title=5), "title"),
    ],
)
def test_a_faulty_table_is_refused(tmp_path: Path, change: Change, why: str) -> None:
    raw = copy.deepcopy(OURS)
    change(raw)
    with pytest.raises(Refused, match=why) as refused:
        read_table(written(tmp_path, raw))
    assert "table.json" in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "[" * 100_000, '{"year": 2026}'])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match="节假日表"):
        read_table(written(tmp_path, text))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="读不了"):
        read_table(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused, match="JSON"):
        read_table(tmp_path / "binary.json")


def test_the_format_others_publish_is_read_as_it_is(tmp_path: Path) -> None:
    raw = {"$schema": "https://example.invalid/schema.json", "$id": "x", **copy.deepcopy(OURS)}
    del raw["title"]
    table = read_table(written(tmp_path, "\ufeff" + json.dumps(raw)))
    assert table.title == "国务院办公厅关于2026年部分节假日安排的通知"
    assert table.days == read_table(SHIPPED / "2026.json").days


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (without("2026-10-07"), "国庆节扣除调休后放假 2 天，法定是 3 天"),
        (without("2026-10-10"), "国庆节扣除调休后放假 4 天，法定是 3 天"),
        (without("2026-06-19"), "端午节扣除调休后放假 0 天"),
        (one_more(date="2026-03-12", name="植树节"), "植树节扣除调休后放假 1 天，法定是 0 天"),
        (lambda raw: raw.update(days=[e for e in raw["days"] if e["name"] != "中秋节"]), "没有中秋"),
    ],
)
def test_what_looks_left_out_is_doubted(tmp_path: Path, change: Change, doubt: str) -> None:
    raw = copy.deepcopy(OURS)
    change(raw)
    [said] = doubts_about(read_table(written(tmp_path, raw)))
    assert doubt in said


def test_an_imported_table_is_seen_at_the_next_question(tmp_path: Path) -> None:
    folders = [SHIPPED, tmp_path]
    assert not calendar_for(folders=folders).covers(day("2027-10-01"))
    off = [{"date": f"2027-10-0{n}", "name": "国庆节", "isOffDay": True} for n in range(1, 8)]
    path = written(tmp_path, {"year": 2027, "days": off}, "2027.json")
    assert calendar_for(folders=folders).covers(day("2027-10-01"))
    assert not calendar_for(folders=folders).is_working(day("2027-10-01"))
    time.sleep(0.01)
    path.unlink()
    assert not calendar_for(folders=folders).covers(day("2027-10-01"))


def test_an_imported_table_replaces_ours(tmp_path: Path) -> None:
    raw = copy.deepcopy(OURS)
    without("2026-10-10")(raw)
    written(tmp_path, raw, "2026.json")
    assert calendar_for(folders=[SHIPPED]).is_working(day("10-10"))
    assert not calendar_for(folders=[SHIPPED, tmp_path]).is_working(day("10-10"))


def test_two_tables_of_one_year_in_one_folder_are_refused(tmp_path: Path) -> None:
    written(tmp_path, OURS, "2026.json")
    written(tmp_path, OURS, "2026-again.json")
    with pytest.raises(Refused, match=r"都是 2026 年的"):
        calendar_for(folders=[tmp_path])


def test_a_regions_holidays_are_its_own(tmp_path: Path) -> None:
    local = [{"date": "2026-05-27", "name": "本地节日", "isOffDay": True}]
    written(tmp_path, {"year": 2026, "region": "000000", "days": local}, "000000-2026.json")
    folders = [SHIPPED, tmp_path]
    assert not calendar_for("000000", folders).is_working(day("05-27"))
    assert calendar_for("000001", folders).is_working(day("05-27"))
    assert calendar_for(folders=folders).is_working(day("05-27"))


def test_the_same_calendar_is_not_read_twice() -> None:
    assert calendar_for("000000") is calendar_for("000000")
