"""Whatever stands in a file, the linter says what is wrong; it never breaks down."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.catalogue import BUNDLES
from config.lint import check_files

GOOD = (BUNDLES / "open-a-restaurant.yaml").read_text(encoding="utf-8").splitlines()
SCRAPS = (
    "",
    "[",
    "}",
    "- ",
    "null",
    "? x",
    "&a *a",
    "!!python/object:os.system {}",
    "'",
    "9" * 5000,
    "\t",
    "{{ 9**9 }}",
)

ODD = {
    "empty": b"",
    "only-comments": b"# nothing\n",
    "binary": bytes(range(256)),
    "not-utf8": "编号: 一".encode("gb18030"),
    "a-number": b"7",
    "a-word": b"code",
    "a-list": b"- a\n- b\n",
    "null": b"null",
    "two-documents": b"a: 1\n---\nb: 2\n",
    "deep-list": b"[" * 5000,
    "deep-mapping": b"{a: " * 2000,
    "deep-block": b"".join(b" " * depth + b"a:\n" for depth in range(200)),
    "anchors": b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(9)),
    "too-large": b"# x\n" * 100_000,
    "surrogate": b'code: "\\ud800"\n',
    "nul": b'code: "\\0"\n',
    "lists-for-everything": b"code: []\nslug: {}\nitems: {a: 1}\nmaterials: [1, [2]]\nquestions: x\nmessages: [1]\n",
    "items-of-nulls": b"code: T1\nitems: [null, null]\nmaterials: [null]\nquestions: [null]\n",
    "huge-number": b"promise: {n: 1" + b"0" * 400 + b", unit: working_day, source: assumption}\n",
    "departments": b"departments: [1, {code: a}, {code: a}]\n",
    "departments-null": b"departments:\n",
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD.keys())
def test_odd_files_get_a_sentence(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_bytes(content)
    faults = check_files([file])
    assert faults
    assert all(fault.message.endswith("。") and fault.remedy and fault.line >= 1 for fault in faults)


def test_what_is_no_file_gets_a_sentence(tmp_path: Path) -> None:
    faults = check_files(
        [tmp_path, tmp_path / "gone.yaml", Path("/dev/null/x"), Path("\0"), Path("x" * 5000)]
    )
    assert [fault.line for fault in faults] == [1] * 5


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32), cuts=st.integers(1, 6))
def test_no_mutation_of_a_good_bundle_breaks_it(seed: int, cuts: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    lines = list(GOOD)
    for _ in range(cuts):
        place = chance.randrange(len(lines))
        match chance.randrange(5):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, lines[chance.randrange(len(lines))])
            case 2:
                lines[place] = lines[place][: chance.randrange(len(lines[place]) + 1)]
            case 3:
                lines[place] = lines[place].split(":")[0] + ": " + chance.choice(SCRAPS)
            case 4:
                lines[place] = " " * chance.randrange(6) + lines[place].strip()
    file = tmp_path / "mutated.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    for fault in check_files([file]):
        assert 1 <= fault.line <= len(lines) + 1, fault


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_no_bytes_break_it(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "bytes.yaml"
    file.write_bytes(content)
    check_files([file])
