"""`yjs apply | case | decide | acts | act` through the command's own door, on a real PostgreSQL."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.catalogue import catalogue
from config.settings import settings
from models.account import Account
from models.database import transaction
from rules.people import Role
from tests.commands import answer, refusal, yjs
from tests.people import a_city

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
RESTAURANT = EXAMPLES / "open-a-restaurant.yaml"


@pytest.fixture(autouse=True)
def city(fresh_database: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_DATA", str(tmp_path / "data"))
    settings.cache_clear()
    with transaction() as session:
        a_city(session)
        session.add(Account(username="chuangkou", name="林晓", role=Role.CLERK, password_hash="!"))


def visit(case_no: str) -> None:
    """The joint visit, where the items need one."""
    if "arrange-visit" not in {one["action"] for one in answer("acts", case_no, "--as", "chuangkou")}:
        return
    soon = datetime.now(UTC) + timedelta(seconds=1)
    plan = {"planned": soon.isoformat(), "place": "示例市示例区建设路7号"}
    answer("act", case_no, "arrange-visit", "--as", "chuangkou", "--data", json.dumps(plan))
    time.sleep(1)  # until the planned moment: a visit is recorded after it took place
    case = answer("case", case_no)
    bundle = catalogue()[case["bundle"]]
    codes = [item["item"] for item in case["items"] if bundle.item(item["item"]).visit]
    found = {"officers": ["王芳", "张伟"], "minutes": "逐项查看，符合要求。", "passed": codes}
    answer("act", case_no, "record-visit", "--as", "chuangkou", "--data", json.dumps(found))


def pass_on(case_no: str, item: dict[str, Any]) -> None:
    """From step to step, where the item has more than the one that decides."""
    for who in (item["department"], f"{item['department']}-head"):
        acts = answer("acts", case_no, "--as", who)
        if ("pass-on", item["item"]) in {(one["action"], one["item"]) for one in acts}:
            opinion = json.dumps({"opinion": "材料属实，同意。"})
            answer("act", case_no, "pass-on", "--item", item["item"], "--as", who, "--data", opinion)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_example_goes_from_the_window_to_the_joint_answer(file: Path) -> None:
    case_no = answer("apply", str(file))["case_no"]
    visit(case_no)
    for _ in range(20):
        case = answer("case", case_no)
        if case["state"] == "concluded":
            break
        for item in case["items"]:
            if item["state"] == "in_review":
                pass_on(case_no, item)
                yjs("decide", case_no, item["item"], "grant", "--as", f"{item['department']}-head")
    assert case["outcome"] == "all_granted"
    assert {item["decision"] for item in case["items"]} == {"granted"}


def test_what_apply_case_and_decide_print() -> None:
    applied = answer("apply", str(RESTAURANT))
    assert set(applied) == {"case_no", "query_code", "state"}
    assert applied["state"] == "accepted"
    case = answer("case", applied["case_no"])
    assert {"case_no", "bundle", "state", "outcome", "items"} <= set(case)
    assert {"item", "department", "state", "decision", "due"} <= set(case["items"][0])
    decided = answer(
        "decide", applied["case_no"], "B1-1", "refuse", "--as", "market", "--reason", "执照已吊销。"
    )
    assert decided["outcome"] == "all_refused"


def test_acts_lists_what_this_person_may_do_and_act_does_it() -> None:
    case_no = answer("apply", str(RESTAURANT))["case_no"]
    answer("decide", case_no, "B1-1", "grant", "--as", "market")
    names = {(one["action"], one["item"]) for one in answer("acts", case_no, "--as", "market-head")}
    assert {("grant", "B1-2"), ("refuse", "B1-2"), ("start-special", "B1-2"), ("extend", "B1-2")} <= names
    assert ("grant", "B1-1") not in names
    data = json.dumps({"kind": "检验检测", "reason": "抽样送检。", "expected_days": 5})
    case = answer("act", case_no, "start-special", "--item", "B1-2", "--as", "market-head", "--data", data)
    food = next(item for item in case["items"] if item["item"] == "B1-2")
    assert (food["state"], food["due"]) == ("special", None)


def test_a_dry_run_says_what_an_act_would_stop_and_changes_nothing() -> None:
    case_no = answer("apply", str(RESTAURANT))["case_no"]
    before = answer("case", case_no)
    data = json.dumps({"reason": "执照已吊销。"})
    how = ("--item", "B1-1", "--as", "market", "--data", data)
    foreseen = answer("act", case_no, "refuse", *how, "--dry-run")
    assert foreseen["dry_run"]
    assert foreseen["outcome"] == "all_refused"
    assert {one["to"] for one in foreseen["changes"]} == {"refused", "not_needed"}
    assert answer("case", case_no) == before
    after = answer("act", case_no, "refuse", *how)
    assert {one["item"]: one["to"] for one in foreseen["changes"]} == {
        item["item"]: item["state"] for item in after["items"]
    }


def test_the_case_says_under_which_conditions() -> None:
    case_no = answer("apply", str(RESTAURANT))["case_no"]
    terms = {"conditions": "三十日内补交租赁合同。", "conditions_until": "2099-12-31"}
    how = ("--item", "B1-1", "--as", "market", "--data", json.dumps(terms))
    check = answer("act", case_no, "grant", *how)["items"][0]
    assert {name: check[name] for name in terms} == terms
    assert (check["lane"], check["transferred_to"]) == ("person", "")


def test_bad_input_gets_one_sentence_and_changes_nothing(tmp_path: Path) -> None:
    case_no = answer("apply", str(RESTAURANT))["case_no"]
    before = answer("case", case_no)
    broken = tmp_path / "broken.yaml"
    broken.write_text("bundle: [B1\n", encoding="utf-8")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\x00\xff\x00")
    wrong = tmp_path / "wrong.yaml"
    text = RESTAURANT.read_text(encoding="utf-8").replace("files/", f"{EXAMPLES}/files/")
    wrong.write_text(text.replace("B1\n", "B99\n", 1), encoding="utf-8")
    slip = tmp_path / "slip.yaml"
    slip.write_text(text.replace("000000199001010018", "000000199001010019"), encoding="utf-8")
    for arguments, says in [
        (("apply", str(tmp_path / "nowhere.yaml")), "找不到文件"),
        (("apply", str(broken)), "语法错误"),
        (("apply", str(binary)), "YAML"),
        (("apply", str(wrong)), "没有编号为“B99”"),
        (("apply", str(slip)), "校验位"),
        (("apply", str(RESTAURANT), "--as", "market"), "不能办理"),
        (("apply", str(RESTAURANT), "--as", "nobody"), "没有名为 nobody"),
        (("case", "000000-B1-20260306-999999-0"), "校验位"),
        (("case", "'; drop table"), "格式不对"),
        (("decide", case_no, "B1-1", "grant", "--as", "fire"), "不属于您的部门"),
        (("decide", case_no, "B1-9", "grant", "--as", "market"), "没有事项"),
        (("decide", case_no, "B1-1", "refuse", "--as", "market"), "理由"),
        (("act", case_no, "fly", "--as", "market"), "没有“fly”这个动作"),
        (("act", case_no, "refuse", "--item", "B1-1", "--as", "market"), "要填写"),
        (("act", case_no, "grant", "--as", "market"), "要指明事项"),
        (("act", case_no, "grant", "--item", "B1-1", "--as", "market", "--data", "[]"), "JSON"),
    ]:
        assert says in refusal(*arguments), arguments
    assert answer("case", case_no) == before
    assert len(list(settings().uploads.iterdir())) == 2, "only the accepted application left its two files"
