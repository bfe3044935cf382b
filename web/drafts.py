"""Where is a form until it is submitted? In one file under its token: neither typing nor uploads are lost."""

import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from actions.storing import on_disk, whole_or_not
from config.settings import settings
from models.case import case_of_submission
from rules.application import Supplied
from rules.errors import NotYourDesk
from web.entering import NotFromOurPage

SHAPE = r"[0-9a-f]{32}"  # of a token
NOT_YOURS = "这份表不由您填写，也可能已经交接给别人；您的表在首页的“未提交的表”里。"
KEPT_FOR = timedelta(days=7)  # long enough for a person who comes back with the missing paper


@dataclass(frozen=True)
class Draft:
    """A form as far as it is filled. The token becomes the submission key: one form, one case."""

    token: str
    owner: str  # the account that fills it
    bundle: str
    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Supplied] = field(default_factory=dict)  # material id -> the file already here
    saved_at: datetime | None = None


def begun(token: str, owner: str, bundle: str) -> Draft:
    """The empty form that this token was given to."""
    if not is_token(token):
        raise NotFromOurPage
    if _file(token).exists():  # another person's, or of another bundle
        raise NotYourDesk(NOT_YOURS)
    return Draft(token, owner, bundle)


def is_token(token: str) -> bool:
    """Could this be the name of a form?"""
    return re.fullmatch(SHAPE, token) is not None


def new_token() -> str:
    """The secret name of a form."""
    return secrets.token_hex(16)


def keep(draft: Draft, at: datetime) -> Draft:
    """Write it down; a crash in the middle leaves the former one. Files that are only in the other one are dropped."""
    former = _read(_file(draft.token))
    try:
        _write(draft, at)
    except BaseException:
        _drop_replaced(draft, former)
        raise
    if former:
        _drop_replaced(former, draft)
    return replace(draft, saved_at=at)


def _write(draft: Draft, at: datetime) -> None:
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = asdict(replace(draft, saved_at=at)) | {"saved_at": at.isoformat()}
    beside = folder / f"{draft.token}.{secrets.token_hex(4)}.new"
    with whole_or_not(beside, "填写的内容"):
        descriptor = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False)
            on_disk(file)
        beside.replace(_file(draft.token))


def _drop_replaced(draft: Draft, by: Draft | None) -> None:
    for name, supplied in draft.files.items():
        if by is None or by.files.get(name) != supplied:
            drop(supplied)


def find(token: str, owner: str, bundle: str) -> Draft | None:
    """The draft, if it is this person's and for this bundle."""
    draft = _read(_file(token)) if is_token(token) else None
    return draft if draft and draft.owner == owner and draft.bundle == bundle else None


def hand_on(token: str, giver: str, taker: str) -> None:
    """交接: the form is the taker's now; one that was sent or thrown away meanwhile is nobody's."""
    draft = _read(_file(token)) if is_token(token) else None
    if draft and draft.owner == giver and draft.saved_at:
        keep(replace(draft, owner=taker), draft.saved_at)


def forget(token: str) -> None:
    """The form has become a case; its files belong to the case now."""
    _file(token).unlink(missing_ok=True)


def discard(draft: Draft) -> None:
    """Throw the form away with its files."""
    for supplied in draft.files.values():
        drop(supplied)
    forget(draft.token)


def drop(supplied: Supplied) -> None:
    """Remove a stored file that nothing refers to any more."""
    if supplied.stored_as:
        (settings().uploads / supplied.stored_as).unlink(missing_ok=True)


def open_drafts(session: Session, owner: str) -> list[Draft]:
    """This person's unfinished forms, the latest first."""
    mine = [
        draft for draft in _all() if draft.owner == owner and not case_of_submission(session, draft.token)
    ]
    return sorted(mine, key=lambda draft: draft.saved_at or datetime.min.replace(tzinfo=UTC), reverse=True)


def sweep(session: Session, at: datetime) -> None:
    """Forms nobody came back to carry personal data: remove them, but never the files of a case."""
    for draft in _all():
        if draft.saved_at and at - draft.saved_at > KEPT_FOR:
            if case_of_submission(session, draft.token):
                forget(draft.token)
            else:
                discard(draft)
    for rest in _folder().glob("*.new"):  # of a crash while a form was written
        with suppress(FileNotFoundError):  # or it has been written by now
            if at.timestamp() - rest.stat().st_mtime > KEPT_FOR.total_seconds():
                rest.unlink()


def _folder() -> Path:
    return settings().uploads / "drafts"


def _file(token: str) -> Path:
    return _folder() / f"{token}.json"


def _all() -> list[Draft]:
    return [draft for path in _folder().glob("*.json") if (draft := _read(path))]


def _read(path: Path) -> Draft | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    files = {name: Supplied(**supplied) for name, supplied in content.pop("files").items()}
    saved_at = datetime.fromisoformat(content.pop("saved_at"))
    return Draft(**content, files=files, saved_at=saved_at)
