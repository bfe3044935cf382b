"""How is personal data kept so that the database alone tells nobody? Sealed, and found by a keyed hash."""

import base64
import os
import re
from functools import cache, lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import Text, TypeDecorator, event
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import instance_state

from config.keys import keyring
from rules.chaining import ALGORITHMS
from rules.errors import Refused
from rules.identifiers import as_usual

NONCE = 12  # bytes
SEALED = re.compile(r"v1\.(k\d+)\.([A-Za-z0-9_-]+={0,2})")


def seal(words: str, place: str) -> str:
    """AES-256-GCM under the key in use, bound to its place (table.column); nothing stays nothing."""
    if not words:
        return ""
    ring, nonce = keyring(), os.urandom(NONCE)
    kept = nonce + _cipher(ring.keys[ring.active]).encrypt(nonce, words.encode(), place.encode())
    return f"v1.{ring.active}.{base64.urlsafe_b64encode(kept).decode()}"


def unseal(kept: str, place: str) -> str:
    """The words. What was never sealed (rows loaded by hand) is read as it is, until `yjs keys rotate` seals it."""
    found = SEALED.fullmatch(kept)
    if found is None:
        return kept
    name, raw = found[1], base64.urlsafe_b64decode(found[2])
    key = keyring().keys.get(name)
    if key is None:
        raise Refused(f"没有密钥 {name}，这一项读不出来：请从备份恢复密钥文件。")
    try:
        return _cipher(key).decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
    except InvalidTag:
        raise Refused(f"{place} 里有一项被改动，或密钥 {name} 不是原来的。") from None


def lookup(kind: str, words: str) -> str:
    """What finds the same words again without telling them: a keyed hash of how they are usually written."""
    if not words:
        return ""
    ring = keyring()
    keyed = HMAC(ring.search, ALGORITHMS[ring.algorithm])
    keyed.update(f"{kind}\n{as_usual(words)}".encode())
    return keyed.finalize().hex()


class Sealed(TypeDecorator[str]):
    """Text that lies sealed in the database; compare by its hash column, the seal differs each time."""

    impl = Text
    cache_ok = True

    def __init__(self, place: str, hash_column: str = "", kind: str = "") -> None:
        super().__init__()
        self.place, self.hash_column, self.kind = place, hash_column, kind

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002
        return None if value is None else seal(value, self.place)

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002
        return None if value is None else unseal(value, self.place)


@event.listens_for(Mapper, "before_insert")
@event.listens_for(Mapper, "before_update")
def _in_step(mapper: Mapper[Any], _connection: Any, row: Any) -> None:
    """Whatever is written, a hash column follows its sealed column."""
    state = instance_state(row)
    for column, sealed in _found_by_hash(mapper):
        if column in state.committed_state or not state.has_identity:  # a new one, or one that was set
            setattr(row, sealed.hash_column, lookup(sealed.kind, getattr(row, column)))


@cache
def _found_by_hash(mapper: Mapper[Any]) -> list[tuple[str, Sealed]]:
    types = [(str(column.key), column.type) for column in mapper.columns]
    return [(name, kind) for name, kind in types if isinstance(kind, Sealed) and kind.hash_column]


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)
