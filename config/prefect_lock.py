"""Behind which password is Prefect's server? One of this installation, in a file that its owner alone reads."""

import os
import secrets
from pathlib import Path

from config.settings import Settings, settings

NAME = "prefect"
USER = "prefect"


def prefect_auth(installation: Settings | None = None) -> tuple[str, str] | None:
    """User and password for HTTP; None where Prefect asks for none."""
    installation = installation or settings()
    return (USER, _password(lock_file(installation))) if installation.prefect_locked else None


def prefect_auth_string(installation: Settings) -> str:
    """The same as Prefect's settings and its sign-in page want it; '' where it asks for none."""
    known = prefect_auth(installation)
    return ":".join(known) if known else ""


def lock_file(installation: Settings) -> Path:
    """Where the password lies, made at the first need."""
    return installation.data / "keys" / NAME


def _password(path: Path) -> str:
    """Written aside and linked into place: two processes at once end up with the same."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = path.with_name(f"{NAME}.{os.getpid()}")
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text().strip()
