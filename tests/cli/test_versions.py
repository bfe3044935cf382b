"""`yjs bundles publish | versions | move` as people type them, on a real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from actions.accepting import accept
from actions.applying import submit
from config.catalogue import BUNDLES, catalogue, in_force, published
from config.settings import settings
from models.case import Case, find_case, items_of
from models.database import transaction
from models.version import bundle_of_version, versions_of
from rules.states import ItemState
from tests.commands import answer, refusal, yjs
from tests.people import CLERK, MANAGER, a_case, a_city, account, an_application

SHIPPED = BUNDLES / "open-a-restaurant.yaml"
SHORTER = (
    "promise: {n: 8, unit: working_day, source: assumption}",
    "promise: {n: 6, unit: working_day, source: assumption}",
)


@pytest.fixture(autouse=True)
def city(fresh_database: object, tmp_path: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YJS_DATA", str(tmp_path / "data"))
        settings.cache_clear()
        with transaction() as session:
            a_city(session)
        yield
    settings.cache_clear()


@pytest.fixture
def case() -> Case:
    with transaction() as session:
        return a_case(session, at=datetime.now(UTC))


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    file = tmp_path / "new.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_publish_says_what_it_means_and_changes_nothing_until_told_to(tmp_path: Path, case: Case) -> None:
    file, before = changed(tmp_path, SHORTER), in_force("B1")
    assert before
    asked = yjs("bundles", "publish", str(file), typed="n\n")
    assert "的承诺期限由8个工作日改为6个工作日" in asked.output
    assert "可以迁移 1 个" in asked.output
    assert case.number in asked.output
    assert "没有发布" in asked.output
    assert not published().exists()
    told = answer("bundles", "publish", str(file))
    assert told["published"] is False
    assert [(one["number"], one["fate"]) for one in told["cases"]] == [(case.number, "movable")]
    assert in_force("B1") == before


def test_what_was_changed_while_it_asked_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has checked that, nor confirmed it."""
    file, before = changed(tmp_path, SHORTER), in_force("B1")

    def confirmed(_: str) -> bool:
        file.write_text(file.read_text(encoding="utf-8").replace("name: ", "name: 新", 1), encoding="utf-8")
        return True

    monkeypatch.setattr(typer, "confirm", confirmed)
    assert "在检查之后又改过" in refusal("bundles", "publish", str(file))
    assert in_force("B1") == before
    with transaction() as session:
        assert versions_of(session, "B1") == []


def test_a_published_version_is_for_new_cases(tmp_path: Path, case: Case) -> None:
    file = changed(tmp_path, SHORTER)
    told = answer("bundles", "publish", str(file), "--yes")
    assert told["published"] is True
    assert catalogue()["B1"].item("B1-2").promise.n == 6, "without a restart"
    assert catalogue()["B2"], "the others stay as they were shipped"
    with transaction() as session:
        new = submit(
            session,
            an_application(),
            by=account(session, CLERK),
            region="000000",
            at=datetime.now(UTC),
        )
        assert new.bundle_digest == told["after"]
        running = find_case(session, case.number)
        assert bundle_of_version(session, running.bundle_digest).item("B1-2").promise.n == 8
        accept(session, new.number, by=account(session, CLERK), at=datetime.now(UTC))
    listed = answer("bundles", "versions", "B1")
    assert [(one["in_force"], one["open_cases"]) for one in listed] == [(True, 1), (False, 1)]
    assert "本安装发布的" in yjs("bundles", "versions", "B1").output


def test_an_older_version_comes_back_by_publishing_it(tmp_path: Path, case: Case) -> None:
    yjs("bundles", "publish", str(changed(tmp_path, SHORTER)), "--yes")
    back = answer("bundles", "publish", str(SHIPPED), "--yes")
    assert back["after"] == case.bundle_digest
    assert back["cases"] == []
    assert "没有要发布的改动" in refusal("bundles", "publish", str(SHIPPED))


def test_move_takes_one_case_over(tmp_path: Path, case: Case) -> None:
    yjs("bundles", "publish", str(changed(tmp_path, SHORTER)), "--yes")
    rehearsed = yjs("bundles", "move", case.number, "--as", MANAGER, "--dry-run")
    assert "预演" in rehearsed.output
    with transaction() as session:
        assert find_case(session, case.number).bundle_digest == case.bundle_digest
    told = answer("bundles", "move", case.number, "--as", MANAGER, "--reason", "期限缩短，对申请人有利。")
    assert told["moved"] is True
    assert "6个工作日" in told["changes"][0]
    with transaction() as session:
        moved = find_case(session, case.number)
        assert bundle_of_version(session, moved.bundle_digest).item("B1-2").promise.n == 6
        waiting = [one for one in items_of(session, case.number) if one.state is ItemState.WAITING]
        assert waiting, "what waits behind a gate still waits"
    assert "已经是现行版本" in refusal("bundles", "move", case.number, "--as", MANAGER)


def test_move_refuses_with_the_reasons(tmp_path: Path, case: Case) -> None:
    other = ("    department: market\n", "    department: fire\n")  # of what has begun
    yjs("bundles", "publish", str(changed(tmp_path, other)), "--yes")
    said = refusal("bundles", "move", case.number, "--as", MANAGER)
    assert "承办部门" in said
    assert "窗口" in refusal("bundles", "move", case.number, "--as", CLERK)
    assert "没有" in refusal("bundles", "move", "000000-B1-20260306-999999-9", "--as", MANAGER)


def test_publish_refuses_what_is_not_sound(tmp_path: Path) -> None:
    for edit, told in (
        (("lead_department: market", "lead_department: nobody"), ("改法：", "没有发布")),
        (("code: B1\n", "code: B9\n"), ("B9",)),
        (("slug: open-a-restaurant", "slug: open-a-shop"), ("英文名",)),
    ):
        refused = yjs("bundles", "publish", str(changed(tmp_path, edit)), "--yes")
        assert refused.exit_code == 1, edit
        assert all(words in refused.output for words in told), refused.output
    assert "找不到文件" in yjs("bundles", "publish", str(tmp_path / "nothing.yaml")).output
    assert not published().exists()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    settings().data.mkdir(parents=True, exist_ok=True)
    published().write_text("a file in the way", encoding="utf-8")
    assert "写不进" in refusal("bundles", "publish", str(changed(tmp_path, SHORTER)), "--yes")


def test_versions_of_nothing() -> None:
    assert "可用的编号" in refusal("bundles", "versions", "B99")
    assert "还没有用过" in yjs("bundles", "versions", "B1").output
