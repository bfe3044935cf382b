"""Is the file as it was written? Each entry that was changed, lost, added or moved is named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rules.chaining import ALGORITHMS, NO_SALT, Link, content_hash, entry_hash
from rules.named import Named
from rules.states import Act

ERASED = "（个人信息已到期清除）"


class Fault(Named):
    """What is wrong with an entry."""

    CHANGED = "changed", "内容被改动"
    MISSING = "missing", "缺失"
    INSERTED = "inserted", "是后来插入的"
    REORDERED = "reordered", "次序被调换"
    HEAD = "head", "办件记下的最后一条与记录不符"
    ANCHOR = "anchor", "与当日锚点不符"


@dataclass(frozen=True)
class Finding:
    """One fault, and where."""

    case: str
    serial: int  # of the entry; 0: of the case or anchor as a whole
    fault: Fault
    detail: str = ""

    @property
    def sentence(self) -> str:
        """For the person at the keyboard."""
        entry = f"第 {self.serial} 条记录" if self.serial else ""
        where = f"办件 {self.case} {entry}".strip() if self.case else ""
        return f"{where}{self.fault.label}{f'（{self.detail}）' if self.detail else ''}".strip()


def faults_of(case: str, links: Sequence[Link], *, count: int, head: str) -> list[Finding]:
    """What is wrong with the entries of one case, given in order; `count` and `head` are what the case says."""
    wrong = {link.serial for link in links if not is_whole(link)}
    erased_until = _erased_until(links)
    wrong |= {link.serial for link in links if link.salt == NO_SALT and link.serial >= erased_until}
    found = list(_named(case, links, wrong))
    found += _in_order(case, links, wrong)
    found += _at_the_end(case, links, count, head, bool(wrong))
    return sorted(found, key=lambda one: (one.serial or len(links) + count + 1, one.fault))


def is_whole(link: Link) -> bool:
    """Does the entry say what its hashes were made over? Erased content is looked for by the caller."""
    if link.algorithm not in ALGORITHMS or link.hash != entry_hash(link):
        return False
    if link.salt == NO_SALT:
        return link.reason == ERASED and not link.facts
    return link.content == content_hash(link.algorithm, link.salt, link.reason, link.facts)


def _erased_until(links: Sequence[Link]) -> int:
    """Content may be gone of every entry before the latest that says so."""
    return max((link.serial for link in links if link.act == Act.ERASE.value), default=0)


def _named(case: str, links: Sequence[Link], wrong: set[int]) -> Iterator[Finding]:
    """Changed, unless it is whole at the place of another: then it was moved."""
    for link in links:
        if link.serial in wrong:
            places = sorted(wrong | {link.serial - 1, link.serial + 1})
            home = next((n for n in places if n != link.serial and _fits(link, n)), None)
            moved = f"原为第 {home} 条" if home else ""
            yield Finding(case, link.serial, Fault.REORDERED if home else Fault.CHANGED, moved)


def _fits(link: Link, serial: int) -> bool:
    """Would it be whole with that number?"""
    return link.algorithm in ALGORITHMS and link.hash == entry_hash(replace(link, serial=serial))


def _in_order(case: str, links: Sequence[Link], wrong: set[int]) -> Iterator[Finding]:
    """Every number once, each tied to the one before."""
    expected, before = 1, ""
    for link in links:
        yield from (Finding(case, lost, Fault.MISSING) for lost in range(expected, link.serial))
        follows = link.serial == expected
        sound = link.serial not in wrong and link.serial - 1 not in wrong
        if follows and sound and link.previous != before:
            yield Finding(case, link.serial, Fault.INSERTED, "与前一条连不上")
        expected, before = link.serial + 1, link.hash


def _at_the_end(case: str, links: Sequence[Link], count: int, head: str, spoilt: bool) -> Iterator[Finding]:
    """The case row says how many there are, and the hash of the last."""
    last = links[-1] if links else None
    reached = last.serial if last else 0
    yield from (Finding(case, lost, Fault.MISSING) for lost in range(reached + 1, count + 1))
    for link in links:
        if link.serial > count:
            yield Finding(case, link.serial, Fault.INSERTED, f"办件只记着 {count} 条")
    if last and reached == count and last.hash != head and not spoilt:
        yield Finding(case, 0, Fault.HEAD)
