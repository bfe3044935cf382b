"""Under which keys is personal data sealed? They lie in a file outside the database, never in its backups."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from config.settings import settings
from rules.chaining import ALGORITHMS, PREFERRED
from rules.errors import Refused

BYTES = 32  # AES-256; the search key is as long


@dataclass(frozen=True)
class Keyring:
    """What seals now, what was sealed with earlier, and what searches."""

    active: str
    keys: Mapping[str, bytes]
    search: bytes
    algorithm: str  # of the keyed hash that searches; changing it would lose what was found by it


def key_file() -> Path:
    """Where the keys lie: in the data folder, or where the settings say."""
    return settings().sealing_keys


def keyring() -> Keyring:
    """The keys as they are now; made at the first need, whoever is first makes them for all."""
    path = key_file()
    try:
        return _read(path, os.stat(path).st_mtime_ns)
    except FileNotFoundError:
        _write(path, Keyring("k1", {"k1": _new()}, _new(), PREFERRED), anew=True)
        return _read(path, path.stat().st_mtime_ns)


def add_key() -> str:
    """A new key that seals from now on; running processes take it up with their next act."""
    now = keyring()
    name = f"k{max(int(one[1:]) for one in now.keys) + 1}"
    _write(key_file(), replace(now, active=name, keys={**now.keys, name: _new()}))
    return name


def drop_key(name: str) -> None:
    """Forget an old key. The caller has made sure that nothing is under it."""
    now = keyring()
    _write(key_file(), replace(now, keys={one: key for one, key in now.keys.items() if one != name}))


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Keyring:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        ring = Keyring(
            held["active"],
            {name: base64.b64decode(key, validate=True) for name, key in held["keys"].items()},
            base64.b64decode(held["search"], validate=True),
            held["algorithm"],
        )
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Refused(f"密钥文件 {path} 读不了：{error.strerror}。") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(f"密钥文件 {path} 不完整，请从备份恢复。") from None
    if not _usable(ring):
        raise Refused(f"密钥文件 {path} 不完整，请从备份恢复。")
    return ring


def _usable(ring: Keyring) -> bool:
    long_enough = all(len(key) == BYTES for key in (*ring.keys.values(), ring.search))
    named = all(name[:1] == "k" and name[1:].isdigit() for name in ring.keys)
    return long_enough and named and ring.active in ring.keys and ring.algorithm in ALGORITHMS


def _write(path: Path, ring: Keyring, *, anew: bool = False) -> None:
    """Written aside and moved into place: nobody ever reads half a file, and two at once make one."""
    held: dict[str, Any] = {
        "active": ring.active,
        "keys": {name: base64.b64encode(key).decode() for name, key in ring.keys.items()},
        "search": base64.b64encode(ring.search).decode(),
        "algorithm": ring.algorithm,
    }
    aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(held, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        _into_place(aside, path, anew=anew)
    except OSError as error:
        raise Refused(f"密钥文件 {path} 写不了：{error.strerror}。") from None


def _into_place(aside: Path, path: Path, *, anew: bool) -> None:
    if not anew:
        aside.replace(path)
        return
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()


def _new() -> bytes:
    return secrets.token_bytes(BYTES)
