"""The catalogue as data: a running case is pinned to the document it was accepted under."""

import json
from pathlib import Path

import pytest

from config.catalogue import (
    BUNDLES,
    BrokenCatalogue,
    bundle_from_document,
    catalogue,
    departments,
    digest_of,
    document_of,
    load_bundle,
)
from rules.bundle import Bundle, Gate, Need, Unit
from rules.selecting import HOURS_A_DAY

EVERY = pytest.mark.parametrize("bundle", catalogue().values(), ids=catalogue().keys())
SLUGS = {
    "B1": "open-a-restaurant",
    "B2": "start-a-company",
    "B3": "new-born",
    "B4": "second-hand-home",
    "B5": "close-a-company",
    "B6": "after-a-death",
    "B7": "joint-completion-acceptance",
    "B8": "utilities-connection",
}


def needs_of(bundle: Bundle) -> set[tuple[str, str, Gate]]:
    return {(need.item, item.code, need.gate) for item in bundle.items for need in item.needs}


def test_the_eight_bundles() -> None:
    assert {bundle.code: bundle.slug for bundle in catalogue().values()} == SLUGS
    for slug in SLUGS.values():
        assert (BUNDLES / f"{slug}.yaml").is_file()


@EVERY
def test_a_document_says_everything(bundle: Bundle) -> None:
    document = document_of(bundle)
    kept = json.loads(json.dumps(document))
    assert bundle_from_document(kept) == bundle
    assert bundle_from_document(dict(reversed(kept.items()))) == bundle, (
        "the database may turn the order round"
    )
    assert document_of(bundle_from_document(kept)) == document


@EVERY
def test_a_digest_changes_with_every_change(bundle: Bundle) -> None:
    document = document_of(bundle)
    assert digest_of(bundle) == digest_of(bundle_from_document(document))
    document["items"][0]["promise"]["n"] += 1
    assert digest_of(bundle_from_document(document)) != digest_of(bundle)


def test_digests_differ_and_are_short() -> None:
    digests = {digest_of(bundle) for bundle in catalogue().values()}
    assert len(digests) == 8
    assert all(len(digest) == 16 for digest in digests)


@EVERY
def test_joint_handling_has_the_joint_limit_and_nothing_else_has(bundle: Bundle) -> None:
    if bundle.joint_licence:
        assert bundle.legal is not None
        assert (bundle.legal.n, bundle.legal.unit, bundle.legal.extend) == (45, Unit.WORKING_DAY, 15)
    else:
        assert bundle.legal is None
    assert bundle.joint_licence == (bundle.code in ("B1", "B8"))


@EVERY
def test_every_promise_says_where_it_is_from(bundle: Bundle) -> None:
    assert bundle.promise.source
    assert all(item.promise.source for item in bundle.items)
    assert all(item.legal.basis for item in bundle.items if item.legal)


def test_the_gates_of_the_restaurant() -> None:
    start = {("B1-1", code, Gate.START) for code in ("B1-2", "B1-3", "B1-4", "B1-5", "B1-6")}
    assert needs_of(catalogue()["B1"]) == start | {("B1-5", "B1-2", Gate.DECISION)}


def test_the_entry_in_the_register_waits_for_the_tax_but_the_review_does_not() -> None:
    assert ("B4-2", "B4-3", Gate.DECISION) in needs_of(catalogue()["B4"])
    assert {after for before, after, _ in needs_of(catalogue()["B4"]) if before == "B4-3"} == {
        "B4-4",
        "B4-5",
        "B4-6",
    }


def test_the_registration_is_cancelled_after_notice_and_tax() -> None:
    assert {need.item for need in catalogue()["B5"].item("B5-2").needs} == {"B5-0", "B5-1", "B5-1S"}
    notice = catalogue()["B5"].item("B5-0").notice_period
    assert notice is not None
    assert (notice.n, notice.unit) == (20, Unit.CALENDAR_DAY)


def test_silence_consents_only_where_an_article_says_so() -> None:
    quiet = {
        item.code: item.silence for bundle in catalogue().values() for item in bundle.items if item.silence
    }
    assert set(quiet) == {"B5-1S"}
    assert "第三十三条" in quiet["B5-1S"].basis


def test_rules_decide_only_registrations_without_conditions() -> None:
    by_rule = [item for bundle in catalogue().values() for item in bundle.items if item.automatic]
    assert {item.code for item in by_rule} == {"B3-9", "B8-6"}
    assert not [item for item in by_rule if item.item_type == "01"], "no licence is granted by a rule"


def test_acceptance_of_works_ends_in_one_filing() -> None:
    final = catalogue()["B7"].item("B7-5")
    assert {need.item for need in final.needs} == {"B7-1", "B7-2", "B7-2F", "B7-3", "B7-4", "B7-6"}
    assert final.needs[0] == Need("B7-1")


def test_the_bereaved_are_spoken_to_with_care() -> None:
    assert [bundle.code for bundle in catalogue().values() if bundle.considerate] == ["B6"]
    texts = json.dumps(catalogue()["B6"].messages, ensure_ascii=False)
    assert not any(word in texts for word in ("恭喜", "祝", "成功", "！"))


def test_departments_are_fictional_and_complete() -> None:
    for code, department in departments().items():
        assert department.code == code
        assert department.phone.startswith("000-")
        assert department.supervision_phone.startswith("000-")
        assert department.place
        assert department.short_name
        assert department.office_hours.length.total_seconds() / 3600 == HOURS_A_DAY
    used = {item.department for bundle in catalogue().values() for item in bundle.items}
    assert used | {bundle.lead_department for bundle in catalogue().values()} == set(departments())


@pytest.mark.parametrize("content", ["", "[", "code: B9", "- a", "code: B9\nitems: {}\n"])
def test_a_broken_file_is_refused_in_a_sentence(content: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BrokenCatalogue, match=r"broken\.yaml:\d+：.+。"):
        load_bundle(file)
