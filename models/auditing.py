"""Is the record as it was written? Reads the files with their chains, a file at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from rules.chaining import Link
from rules.checking_chains import Finding, faults_of

AT_ONCE = 2000  # rows fetched at a time; the record is larger than the memory

FILES = """
SELECT c.number, c.audit_count, c.audit_head, e.serial, e.item_number, e.act, e.actor, e.before, e.after,
       e.reason, e.facts, e.at, e.algorithm, e.salt, e.content, e.previous, e.hash
  FROM case_file c LEFT JOIN audit_entry e ON e.case_number = c.number
 WHERE :case = '' OR c.number = :case
 ORDER BY c.number, e.serial
"""


@dataclass(frozen=True)
class File:
    """One case: what its row says of its entries, and the entries."""

    case: str
    count: int
    head: str
    links: list[Link]

    @property
    def faults(self) -> list[Finding]:
        """What is wrong with it."""
        return faults_of(self.case, self.links, count=self.count, head=self.head)


def files(session: Session, case_number: str = "") -> Iterator[File]:
    """Every file of the record, or one."""
    # Said of this statement alone: said of the connection, every later statement would be streamed.
    streamed = {"yield_per": AT_ONCE}
    found = session.execute(text(FILES), {"case": case_number}, execution_options=streamed)
    for (number, count, head), rows in groupby(found, key=lambda row: (row[0], row[1], row[2])):
        yield File(number, count, head, [_link(row) for row in rows if row[3] is not None])


def _link(row: Any) -> Link:
    _, _, _, serial, item, act, actor, before, after, reason, facts, at, *tied = row
    return Link(row[0], serial, item, act, actor, before, after, reason, facts, at, *tied)
