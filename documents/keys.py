"""Whose signature do the papers carry? That of a key outside the database, whose public half is published."""

import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from config.settings import settings
from rules.errors import Refused

NAME = "documents.pem"


def private_key() -> Ed25519PrivateKey:
    """The key of this installation, made at the first need; whoever is first makes it for all."""
    return _read(settings().data / "keys" / NAME)


def public_pem() -> str:
    """What is published, for checking papers without us."""
    public = private_key().public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_public(pem: bytes) -> Ed25519PublicKey:
    """A published key, or a sentence that it is none."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise Refused("这不是本平台公布的公钥文件（PEM，Ed25519）。")
    return key


@lru_cache(maxsize=4)
def _read(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        _make(path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(f"{path.name} 不是 Ed25519 私钥，请从备份恢复。")
    return key


def _make(path: Path) -> None:
    """Written aside and linked into place: two processes at once end up with the same key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    aside = path.with_name(f"{NAME}.{os.getpid()}")
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
