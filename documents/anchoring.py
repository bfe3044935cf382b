"""What was in the files on that day? Their heads under one signature, in the database and in a file beside it."""

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import Session

from config.settings import settings
from documents.keys import private_key
from models.anchor import Anchor, anchors, grown, keep_anchor, latest_anchor, lock_anchors, torn
from models.database import transaction
from rules.chaining import ALGORITHMS, PREFERRED, anchor_hash, leaf_hash, root_of
from rules.checking_chains import Fault, Finding
from rules.errors import Refused
from rules.moments import china_day

NAME = "anchors.jsonl"


def anchor_day(at: datetime) -> Anchor | None:
    """The anchor of this day, unless it has one."""
    with transaction() as session:
        last = latest_anchor(session)
    if last and china_day(last.made_at) >= china_day(at):
        return None
    return make_anchor(at)


def make_anchor(at: datetime) -> Anchor:
    """Sign the heads of all files that have grown since the last anchor, and keep a copy outside the database."""
    with transaction() as session:
        lock_anchors(session)
        last, leaves = latest_anchor(session), grown(session)
        anchor = Anchor(
            number=last.number + 1 if last else 1,
            made_at=at,
            algorithm=PREFERRED,
            count=len(leaves),
            root=root_of(PREFERRED, [leaf_hash(PREFERRED, *leaf) for leaf in leaves]),
            previous=last.hash if last else "",
            hash="",
            signature="",
        )
        anchor.hash = anchor_hash(anchor.said)
        anchor.signature = _text(private_key().sign(anchor.hash.encode()))
        keep_anchor(session, anchor, leaves)
    _copy_out()
    return anchor


def copies() -> Path:
    """One line an anchor. Whoever guards the platform takes it elsewhere every day."""
    return settings().data / "audit" / NAME


def faults_of_anchors(session: Session, case_number: str = "") -> list[Finding]:
    """Anchors that are not as they were made, and entries that are not as they were anchored."""
    found = [] if case_number else list(_faulty_anchors(session))
    for number, case, serial in torn(session, case_number):
        found.append(Finding(case, serial, Fault.ANCHOR, f"第 {number} 号锚点"))
    return found


def signed(anchor: dict[str, Any], key: Ed25519PublicKey) -> bool:
    """Does the signature hold?"""
    try:
        key.verify(_bytes(anchor["signature"]), str(anchor["hash"]).encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _faulty_anchors(session: Session) -> Iterator[Finding]:
    copied, previous, expected = _copied(), "", 1
    for anchor, leaves in anchors(session):
        faults = _wrong(anchor, leaves, previous, copied.get(anchor.number))
        yield from (_about(anchor.number, what) for what in faults)
        yield from (_about(lost, "缺失") for lost in range(expected, anchor.number))
        previous, expected = anchor.hash, anchor.number + 1
    yield from (_about(lost, "缺失，数据库外留有抄件") for lost in sorted(copied) if lost >= expected)


def _wrong(
    anchor: Anchor, leaves: list[tuple[str, int, str]], previous: str, copy: dict[str, Any] | None
) -> Iterator[str]:
    if anchor.algorithm not in ALGORITHMS or anchor.hash != anchor_hash(anchor.said):
        yield "内容被改动"
        return
    if not signed(anchor.said, private_key().public_key()):
        yield "签名无效"
    if anchor.previous != previous:
        yield "与前一锚点连不上"
    hashes = [leaf_hash(anchor.algorithm, *leaf) for leaf in leaves]
    if len(leaves) != anchor.count or root_of(anchor.algorithm, hashes) != anchor.root:
        yield "所列办件被改动"
    if copy is not None and copy != anchor.said:
        yield "与数据库外的抄件不同"


def _about(number: int, what: str) -> Finding:
    return Finding("", 0, Fault.ANCHOR, f"第 {number} 号锚点{what}")


def _copy_out() -> None:
    """Add what the file does not have yet, all of it or nothing; a crash on the way is made up for by the next."""
    path = copies()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    have, lines = _copied(), _lines()
    with transaction() as session:
        missing = [anchor.said for anchor, _ in anchors(session) if anchor.number not in have]
    lines += [json.dumps(said, sort_keys=True) + "\n" for said in missing]
    aside = path.with_suffix(".new")
    with aside.open("w", encoding="utf-8") as file:
        aside.chmod(0o600)
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _lines() -> list[str]:
    """What the file says, whole lines only: of one that broke off, in a power cut, nothing is believed."""
    try:
        lines = copies().read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return []
    return [line for line in lines if line.endswith("\n")]


def _copied() -> dict[int, dict[str, Any]]:
    try:
        found = [json.loads(line) for line in _lines() if line.strip()]
        return {anchor["number"]: anchor for anchor in found}
    except (ValueError, KeyError, TypeError):
        raise Refused(f"锚点的抄件 {copies()} 被改坏了，请先与另存的抄件比对。") from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)
