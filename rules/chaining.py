"""What ties the entries of a file together? Each carries a hash over itself and the one before (docs/audit.md)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

ALGORITHMS: Mapping[str, hashes.HashAlgorithm] = {"sm3": hashes.SM3(), "sha256": hashes.SHA256()}
LEAF, NODE = b"\x00", b"\x01"  # a node is never taken for a leaf
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
NO_SALT = ""  # the content was erased with its salt: nobody can guess what it was


@dataclass(frozen=True)
class Link:
    """One entry of a file as it is kept: what it says, and what ties it to its neighbours."""

    case: str
    serial: int
    item: str | None
    act: str
    actor: str
    before: str
    after: str
    reason: str
    facts: Mapping[str, Any]
    at: datetime
    algorithm: str
    salt: str
    content: str
    previous: str
    hash: str


def available() -> str:
    """SM3 where the cryptographic library of this machine has it, else SHA-256; each entry says which."""
    try:
        hashes.Hash(hashes.SM3())
    except UnsupportedAlgorithm:
        return "sha256"
    return "sm3"


PREFERRED = available()


def digest(algorithm: str, data: bytes) -> str:
    """The hash in hex."""
    running = hashes.Hash(ALGORITHMS[algorithm])
    running.update(data)
    return running.finalize().hex()


def canonical(value: Any) -> bytes:
    """JSON in one way only: keys sorted, no spaces, UTF-8, a whole number never written with a point."""
    return _ENCODER.encode(_plain(value)).encode()


def stamp(at: datetime) -> str:
    """A moment in one way only: UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def content_hash(algorithm: str, salt: str, reason: str, facts: Mapping[str, Any]) -> str:
    """Over the words and facts, with a salt: once both are erased the hash tells nothing of them."""
    return digest(algorithm, salt.encode() + b"\n" + canonical({"facts": facts, "reason": reason}))


def entry_hash(link: Link) -> str:
    """Over everything an entry says, its place, and the hash of the one before."""
    said = {
        "act": link.act,
        "actor": link.actor,
        "after": link.after,
        "algorithm": link.algorithm,
        "at": stamp(link.at),
        "before": link.before,
        "case": link.case,
        "content": link.content,
        "item": link.item,
        "previous": link.previous,
        "serial": link.serial,
    }
    return digest(link.algorithm, _ENCODER.encode(said).encode())  # words and whole numbers: plain already


def leaf_hash(algorithm: str, case: str, serial: int, head: str) -> str:
    """Of one case in a day's anchor: so many entries, the last with this hash."""
    said = canonical({"case": case, "hash": head, "serial": serial})
    return digest(algorithm, LEAF + said)


def root_of(algorithm: str, leaves: Sequence[str]) -> str:
    """The Merkle root over the leaves in their order; of none, the hash of nothing."""
    level = list(leaves)
    while len(level) > 1:
        level = [_joined(algorithm, level[i : i + 2]) for i in range(0, len(level), 2)]
    return level[0] if level else digest(algorithm, b"")


def path_of(algorithm: str, leaves: Sequence[str], place: int) -> list[tuple[str, str]]:
    """What an outsider needs to come from one leaf to the root: the neighbours, each with its side."""
    path, level = [], list(leaves)
    while len(level) > 1:
        beside = place ^ 1
        if beside < len(level):
            path.append(("left" if beside < place else "right", level[beside]))
        level = [_joined(algorithm, level[i : i + 2]) for i in range(0, len(level), 2)]
        place //= 2
    return path


def climbed(algorithm: str, leaf: str, path: Iterable[Sequence[str]]) -> str:
    """The root that this leaf and these neighbours lead to."""
    for side, beside in path:
        pair = [beside, leaf] if side == "left" else [leaf, beside]
        leaf = _joined(algorithm, pair)
    return leaf


def anchor_hash(anchor: Mapping[str, Any]) -> str:
    """Over a day's anchor: number, moment, how many cases, their root, and the anchor before."""
    names = ("algorithm", "count", "made_at", "number", "previous", "root")
    return digest(anchor["algorithm"], canonical({name: anchor[name] for name in names}))


def _joined(algorithm: str, pair: Sequence[str]) -> str:
    """Two neighbours as one; who has none goes up as it is."""
    if len(pair) == 1:
        return pair[0]
    return digest(algorithm, NODE + bytes.fromhex(pair[0]) + bytes.fromhex(pair[1]))


def _plain(value: Any) -> Any:
    """As PostgreSQL gives it back: it keeps no difference between 1e3 and 1000."""
    if isinstance(value, dict):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if type(value) is float and value.is_integer():
        return int(value)
    return value
