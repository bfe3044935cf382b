"""Can an outsider recompute a chain from the description, and does no change go unseen?"""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.chaining import (
    Link,
    canonical,
    climbed,
    content_hash,
    digest,
    entry_hash,
    leaf_hash,
    path_of,
    root_of,
    stamp,
)
from rules.checking_chains import ERASED, Fault, faults_of

DOCS = Path(__file__).parents[2] / "docs" / "audit.md"
MORNING = datetime(2026, 3, 6, 1, 30, tzinfo=UTC)


def a_file(length: int = 4, case: str = "YJS0000002026030600000001") -> list[Link]:
    links: list[Link] = []
    for serial in range(1, length + 1):
        blank = Link(
            case=case,
            serial=serial,
            item=None,
            act="call",
            actor="linxiao",
            before="",
            after="",
            reason=f"第 {serial} 次",
            facts={"outcome": "reached", "n": serial},
            at=MORNING + timedelta(minutes=serial),
            algorithm="sm3",
            salt=f"{serial:032x}",
            content="",
            previous=links[-1].hash if links else "",
            hash="",
        )
        links.append(tied(blank))
    return links


def tied(link: Link) -> Link:
    link = replace(link, content=content_hash(link.algorithm, link.salt, link.reason, link.facts))
    return replace(link, hash=entry_hash(link))


def faults(
    links: list[Link], *, count: int | None = None, head: str | None = None
) -> list[tuple[int, Fault]]:
    whole = a_file()
    found = faults_of(
        whole[0].case,
        links,
        count=len(whole) if count is None else count,
        head=whole[-1].hash if head is None else head,
    )
    return [(one.serial, one.fault) for one in found]


def test_a_whole_file_has_no_fault() -> None:
    assert faults(a_file()) == []
    assert faults([], count=0, head="") == []


CHANGES: list[tuple[str, Any]] = [
    ("item", "X-01"),
    ("act", "calm"),
    ("actor", "linxiap"),
    ("before", " "),
    ("after", "x"),
    ("reason", "第 2 次。"),
    ("facts", {"outcome": "reached", "n": 3}),
    ("at", MORNING + timedelta(minutes=2, microseconds=1)),
    ("algorithm", "sha256"),
    ("algorithm", "md5"),
    ("salt", "0" * 32),
    ("salt", ""),
    ("content", "0" * 64),
    ("previous", "0" * 64),
    ("hash", "0" * 64),
]


@pytest.mark.parametrize(("column", "value"), CHANGES)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_one_changed_column_is_found_and_the_entry_named(place: int, column: str, value: Any) -> None:
    links = a_file()
    links[place] = replace(links[place], **{column: value})
    assert (place + 1, Fault.CHANGED) in faults(links)
    assert {serial for serial, _ in faults(links)} <= {place + 1}


@pytest.mark.parametrize("place", range(4))
def test_a_missing_entry_is_named(place: int) -> None:
    links = a_file()
    del links[place]
    assert faults(links) == [(place + 1, Fault.MISSING)]


def test_every_entry_of_a_file_missing_is_named() -> None:
    assert faults([]) == [(n, Fault.MISSING) for n in range(1, 5)]


def test_two_entries_that_changed_places_are_named_both() -> None:
    one, two, three, four = a_file()
    swapped = [one, replace(three, serial=2), replace(two, serial=3), four]
    assert faults(swapped) == [(2, Fault.REORDERED), (3, Fault.REORDERED)]


def test_an_entry_taken_out_and_the_rest_renumbered() -> None:
    one, _, three, four = a_file()
    found = faults([one, replace(three, serial=2), replace(four, serial=3)])
    assert found == [(2, Fault.REORDERED), (3, Fault.REORDERED), (4, Fault.MISSING)]


def test_an_entry_forged_well_in_the_middle_does_not_fit_its_neighbour() -> None:
    one, two, three, four = a_file()
    forged = tied(replace(two, reason="从未说过", previous=one.hash))
    assert faults([one, forged, three, four]) == [(3, Fault.INSERTED)]


def test_an_entry_more_than_the_case_knows_of() -> None:
    links = a_file(5)
    assert faults(links) == [(5, Fault.INSERTED)]


def test_a_last_entry_replaced_is_not_what_the_case_noted() -> None:
    links = a_file()
    links[3] = tied(replace(links[3], reason="改了"))
    assert faults(links) == [(0, Fault.HEAD)]


def erased(link: Link) -> Link:
    return replace(link, salt="", reason=ERASED, facts={})


def test_what_was_erased_by_the_rules_still_verifies() -> None:
    whole = a_file()
    last = tied(replace(whole[3], act="erase"))
    links = [*(erased(link) for link in whole[:3]), last]
    assert faults(links, head=last.hash) == []


def test_what_was_blotted_out_without_an_entry_that_says_so_is_found() -> None:
    links = a_file()
    links[1] = erased(links[1])
    assert faults(links) == [(2, Fault.CHANGED)]


def test_erased_content_cannot_be_replaced_by_other_words() -> None:
    whole = a_file()
    last = tied(replace(whole[3], act="erase"))
    links = [replace(erased(whole[0]), reason="别的话"), *(erased(link) for link in whole[1:3]), last]
    assert faults(links, head=last.hash) == [(1, Fault.CHANGED)]


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**9), 10**9)
        | st.text(st.characters(exclude_categories=["Cs"]))
        | st.floats(-1e6, 1e6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    )
)
def test_what_is_read_again_has_the_same_canonical_form(value: Any) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_every_leaf_finds_its_way_to_the_root(count: int) -> None:
    leaves = [leaf_hash("sm3", f"case-{n}", n, "00") for n in range(count)]
    root = root_of("sm3", leaves)
    for place, leaf in enumerate(leaves):
        assert climbed("sm3", leaf, path_of("sm3", leaves, place)) == root
        assert climbed("sm3", leaf[::-1], path_of("sm3", leaves, place)) != root


def test_sm3_is_the_sm3_of_the_standard() -> None:
    """GB/T 32905-2016, example 1."""
    assert digest("sm3", b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_the_test_vector_of_the_docs_is_so() -> None:
    said = json.loads(re.findall(r"```json vector\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0])
    entry = said["entry"] | {"at": datetime.fromisoformat(said["entry"]["at"])}
    link = Link(**entry)
    assert stamp(link.at) == said["entry"]["at"]
    assert canonical({"facts": link.facts, "reason": link.reason}).decode() == said["content_encoded"]
    assert content_hash(link.algorithm, link.salt, link.reason, link.facts) == link.content
    assert entry_hash(link) == link.hash
