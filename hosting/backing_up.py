"""How does the whole record, with the files people handed in, come into one file, as of one moment?"""

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from config.settings import SEALING_KEYS, Settings
from hosting import databases, dumping, postgres
from hosting.preflight import is_running_on, only_platform_on, prepare_folders
from hosting.processes import Process
from models.copying import Counts, files_named, fingerprints, one_moment, revision_of
from rules.errors import Refused

FORMAT = 1
MANIFEST = "manifest.json"
RECORD = "record.dump"
KEYS = "keys"
ANCHORS = "audit"  # copied before the record: what is younger than the record would look like a loss
FOLDERS = (ANCHORS, "uploads", "bundles", "calendar")  # below the data folder, beside the database
Say = Callable[[str], None]


@dataclass
class Manifest:
    """What a backup says of itself."""

    format: int
    made_at: str
    revision: str  # of the tables
    region: str
    tables: Counts
    files: dict[str, str] = field(default_factory=dict)  # name in the archive -> SHA-256
    keys: dict[str, str] = field(default_factory=dict)  # whether they are in it or not
    lacking: list[str] = field(default_factory=list)  # uploads that the record names and nobody finds

    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


def back_up(settings: Settings, file: Path, *, with_keys: bool, say: Say) -> Manifest:
    """Write the backup; until the last byte is there it does not bear its name."""
    if file.exists():
        raise Refused(f"{file} 已经存在，请换一个名字。")
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with ExitStack() as held:
            held.enter_context(record_at_hand(settings, say))
            archive = held.enter_context(_archive(unfinished))
            manifest = _write(settings, archive, unfinished.parent, with_keys, say)
        _make_durable(unfinished)
        unfinished.rename(file)
    except OSError as error:
        raise Refused(f"备份写不成：{error.strerror}（{error.filename or file}）。") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


@contextmanager
def record_at_hand(settings: Settings, say: Say) -> Generator[None]:
    """Within the block PostgreSQL answers: that of the running platform, or one started for this."""
    if not settings.embedded or is_running_on(settings.data):
        yield
        return
    if not (settings.postgres / "PG_VERSION").exists():
        raise Refused(f"{settings.data} 里没有数据库，没有可以备份的。")
    with only_platform_on(settings.data), started_postgres(settings, say):
        yield


@contextmanager
def started_postgres(settings: Settings, say: Say) -> Generator[None]:
    """The embedded PostgreSQL alone; the caller holds the data folder."""
    say("启动 PostgreSQL……")
    prepare_folders(settings)
    process = Process(postgres.program(settings))
    process.start()
    try:
        postgres.wait_until_ready(process, settings)
        databases.prepare_databases(settings)
        yield
    finally:
        process.stop()
        postgres.tidy(settings)


def place_of_key(settings: Settings, name: str) -> Path:
    """Where this key lies: below the data folder, unless the settings take it elsewhere."""
    return settings.key_file if name == SEALING_KEYS and settings.key_file else settings.data / name


def digest_of(path: Path) -> str:
    """SHA-256."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_below(folder: Path) -> Iterator[Path]:
    """Every file, in an order that stays."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


@contextmanager
def _archive(path: Path) -> Generator[tarfile.TarFile]:
    """Readable by its owner alone: it holds what people told the hall."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        yield archive


def _write(settings: Settings, archive: tarfile.TarFile, beside: Path, with_keys: bool, say: Say) -> Manifest:
    with tempfile.TemporaryDirectory(dir=beside, prefix=".backup-") as folder:
        dumped, files = Path(folder) / RECORD, dict(_add_folder(settings, archive, ANCHORS))
        with one_moment(settings.owner_url) as (connection, snapshot):
            revision = revision_of(connection)
            if not revision:
                raise Refused("数据库里还没有数据表，没有可以备份的。")
            say("抄写数据库……")
            dumping.dump(settings.owner_url, snapshot, dumped)
            say("清点每一张表……")
            manifest = Manifest(
                format=FORMAT,
                made_at=datetime.now(UTC).isoformat(),
                revision=revision,
                region=settings.region,
                tables=fingerprints(connection),
                files=files,
            )
            named = files_named(connection)
        manifest.files[RECORD] = _add(archive, dumped, RECORD)
    for name in FOLDERS[1:]:
        say(f"抄写 {name}/……")
        manifest.files |= dict(_add_folder(settings, archive, name))  # a file is there before its row
    _add_keys(settings, archive, manifest, with_keys)
    manifest.lacking = [name for name in named if f"uploads/{name}" not in manifest.files]
    _add_manifest(archive, manifest)
    return manifest


def _add_folder(settings: Settings, archive: tarfile.TarFile, folder: str) -> Iterator[tuple[str, str]]:
    for path in files_below(settings.data / folder):
        name = str(path.relative_to(settings.data))
        with suppress(
            FileNotFoundError
        ):  # a draft that ended meanwhile; what the record names is missed later
            yield name, _add(archive, path, name)


def _add_keys(settings: Settings, archive: tarfile.TarFile, manifest: Manifest, with_keys: bool) -> None:
    """Their digests always, so that whoever brings the keys back can see that they are the right ones."""
    for path in files_below(settings.data / KEYS):
        manifest.keys[str(path.relative_to(settings.data))] = digest_of(path)
    if settings.key_file and settings.key_file.is_file():
        manifest.keys[SEALING_KEYS] = digest_of(settings.key_file)
    for name in manifest.keys:
        path = place_of_key(settings, name)
        if with_keys:
            manifest.files[name] = _add(archive, path, name)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> str:
    """One file, read once: what is counted is what is written."""
    with path.open("rb") as stream:
        entry = archive.gettarinfo(arcname=name, fileobj=stream)
        reader = _Counting(stream, entry.size)
        archive.addfile(entry, reader)
    return reader.digest.hexdigest()


def _add_manifest(archive: tarfile.TarFile, manifest: Manifest) -> None:
    with tempfile.TemporaryFile() as stream:
        stream.write(manifest.text().encode())
        stream.seek(0)
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(manifest.text().encode())
        archive.addfile(entry, stream)


def _make_durable(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


class _Counting:
    """Hashes what is read, up to the size that was announced: the anchors' file may grow meanwhile."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self.stream, self.left, self.digest = stream, size, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        wanted = self.left if size < 0 else min(size, self.left)
        block = self.stream.read(wanted)
        self.left -= len(block)
        self.digest.update(block)
        return block
