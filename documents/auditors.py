"""What does an auditor take home? One file as JSON lines, which he checks without us (docs/audit.md)."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import Session

from documents.anchoring import signed
from models.anchor import anchor_numbered, anchors_of_case, leaves_of
from models.auditing import File, files
from rules.chaining import Link, anchor_hash, climbed, leaf_hash, path_of, stamp
from rules.checking_chains import Fault, Finding, faults_of
from rules.errors import Refused

UNREADABLE = "这不是导出的审计文件（每行一个 JSON，第一行 kind 为 case）。"


def exported(session: Session, case_number: str) -> Iterator[dict[str, Any]]:
    """The case, its entries, and every anchor it is in with the way from its leaf to the root."""
    for file in files(session, case_number):
        yield {"kind": "case", "case": file.case, "count": file.count, "head": file.head}
        for link in file.links:
            yield {"kind": "entry"} | vars(link) | {"at": stamp(link.at)}
        for number in anchors_of_case(session, case_number):
            yield _anchor(session, file, number)


def _anchor(session: Session, file: File, number: int) -> dict[str, Any]:
    anchor, leaves = anchor_numbered(session, number), leaves_of(session, number)
    place = next(i for i, leaf in enumerate(leaves) if leaf[0] == file.case)
    hashes = [leaf_hash(anchor.algorithm, *leaf) for leaf in leaves]
    _, serial, head = leaves[place]
    path = path_of(anchor.algorithm, hashes, place)
    return {"kind": "anchor", "leaf": {"serial": serial, "hash": head}, "path": path} | anchor.said


def check_export(lines: Sequence[str], key: Ed25519PublicKey) -> tuple[str, int, list[Finding]]:
    """The case, how many entries, and what is wrong with them: read from the file alone."""
    try:
        rows = [json.loads(line) for line in lines if line.strip()]
        case = next(row for row in rows if row["kind"] == "case")
        links = [_link(row) for row in rows if row["kind"] == "entry"]
        found = faults_of(case["case"], links, count=case["count"], head=case["head"])
        heads = {link.serial: link.hash for link in links}
        for row in rows:
            if row["kind"] == "anchor":
                found += _faults_of_anchor(row, case["case"], heads, key)
    except (ValueError, KeyError, TypeError, StopIteration):
        raise Refused(UNREADABLE) from None
    return case["case"], len(links), found


def _link(row: dict[str, Any]) -> Link:
    said = {name: value for name, value in row.items() if name != "kind"}
    return Link(**said | {"at": datetime.fromisoformat(row["at"])})


def _faults_of_anchor(
    row: dict[str, Any], case: str, heads: dict[int, str], key: Ed25519PublicKey
) -> list[Finding]:
    serial, head = row["leaf"]["serial"], row["leaf"]["hash"]
    number = f"第 {row['number']} 号锚点"
    leaf = leaf_hash(row["algorithm"], case, serial, head)
    found = []
    if row["hash"] != anchor_hash(row) or not signed(row, key):
        found.append(Finding(case, 0, Fault.ANCHOR, f"{number}签名无效"))
    if climbed(row["algorithm"], leaf, row["path"]) != row["root"]:
        found.append(Finding(case, 0, Fault.ANCHOR, f"{number}不含这个办件"))
    if heads.get(serial) != head:
        found.append(Finding(case, serial, Fault.ANCHOR, number))
    return found
