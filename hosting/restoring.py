"""How does a backup become an installation again? Checked before anything is touched, and compared after."""

import json
import shutil
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from config.settings import Settings
from documents.anchoring import faults_of_anchors
from hosting import databases, dumping, migrating
from hosting.backing_up import (
    FOLDERS,
    FORMAT,
    MANIFEST,
    RECORD,
    Manifest,
    Say,
    digest_of,
    files_below,
    place_of_key,
    started_postgres,
)
from hosting.preflight import RESTORING, only_platform_on, prepare_folders
from models.auditing import files as audit_files
from models.copying import (
    begin_anew,
    differences,
    fingerprints,
    hold_what_may_have_left,
    is_empty,
    one_moment,
    wipe,
)
from models.database import transaction
from models.server import connected, place
from rules.errors import Refused


def read_manifest(file: Path) -> Manifest:
    """What a backup says of itself; refused when it is none of ours."""
    try:
        with tarfile.open(file) as archive:
            found = archive.extractfile(MANIFEST)
            manifest = Manifest(**json.loads(found.read())) if found else None
    except OSError as error:
        raise Refused(f"读不到备份文件 {file}：{error.strerror or error}。") from None
    except (tarfile.TarError, KeyError, ValueError, TypeError):
        manifest = None
    if manifest is None or manifest.format != FORMAT or not _stay_below(manifest):
        raise Refused(f"{file} 不是完整的备份文件，什么也没有改动。")
    manifest.tables = {name: (int(rows), str(total)) for name, (rows, total) in manifest.tables.items()}
    return manifest


@dataclass
class Restored:
    """What came of it."""

    manifest: Manifest
    held: int  # notices that a person must look at
    keys_missing: list[str]
    keys_other: list[str]  # not as they were at the backup: changed since, or of another installation
    faults: list[str]  # of the chain of the record


def _stay_below(manifest: Manifest) -> bool:
    """Does no name lead out of the folder it belongs to?"""
    names = [PurePosixPath(name) for name in (*manifest.files, *manifest.keys)]
    return all(not name.is_absolute() and ".." not in name.parts for name in names)


def restore(settings: Settings, file: Path, *, moved: bool, say: Say) -> Restored:
    """Bring the backup back into an empty installation."""
    manifest = read_manifest(file)
    if not migrating.knows(manifest.revision):
        raise Refused(f"备份的数据表是 {manifest.revision}，比这个版本新：请先更新平台再恢复。")
    prepare_folders(settings)
    with only_platform_on(settings.data):
        marker = settings.data / RESTORING
        alone = started_postgres(settings, say) if settings.embedded else nullcontext()
        with _unpacked(settings, file, manifest, say) as folder, alone:
            if not settings.embedded:
                databases.prepare_databases(settings)
            _require_empty(settings, unfinished=marker.exists())
            marker.touch()
            restored = _bring_back(settings, manifest, folder, moved, say)
            marker.unlink()
    return restored


@contextmanager
def _unpacked(settings: Settings, file: Path, manifest: Manifest, say: Say) -> Generator[Path]:
    """Every file of the backup, read and compared before anything of the installation is touched."""
    say(f"核对备份里的 {len(manifest.files)} 个文件……")
    with tempfile.TemporaryDirectory(dir=settings.data, prefix="unpacked-") as name:
        folder = Path(name)
        try:
            with tarfile.open(file) as archive:
                archive.extractall(folder, filter="data")
        except (OSError, tarfile.TarError) as error:
            raise Refused(f"备份文件 {file} 读不完整（{error}），什么也没有改动。") from None
        (folder / MANIFEST).unlink()
        for path, digest in manifest.files.items():
            _require_same(folder / path, digest, path)
        if strangers := {str(one.relative_to(folder)) for one in files_below(folder)} - manifest.files.keys():
            raise Refused(f"备份里多出了清单没有的文件 {min(strangers)}，什么也没有改动。")
        yield folder


def _require_same(path: Path, digest: str, name: str) -> None:
    if not path.is_file() or digest_of(path) != digest:
        raise Refused(f"备份里的 {name} 缺失或与清单不符，什么也没有改动。")


def _require_empty(settings: Settings, *, unfinished: bool) -> None:
    """Nothing is ever overwritten, except what an earlier restore had begun."""
    with connected(settings.owner_url) as connection:
        if unfinished:
            wipe(connection)
        elif not is_empty(connection):
            raise Refused(
                f"数据库 {place(settings.owner_url)} 不是空的：请换一个空的数据文件夹或空库，再恢复。"
            )
    with connected(databases.through_psycopg2(settings.prefect_database_url)) as connection:
        if not is_empty(connection):  # its runs bear numbers that will be given out again
            raise Refused("Prefect 的库不是空的：请换一个空库（设置 prefect_dsn），它会按记录重建。")
    for folder in FOLDERS:
        if unfinished:
            shutil.rmtree(settings.data / folder, ignore_errors=True)
        elif any(files_below(settings.data / folder)):
            raise Refused(f"{settings.data / folder} 里已有文件：请换一个空的数据文件夹，再恢复。")


def _bring_back(settings: Settings, manifest: Manifest, folder: Path, moved: bool, say: Say) -> Restored:
    say("放回文件……")
    _put_back(settings, folder)
    _put_back_keys(settings, manifest, folder)
    say("恢复数据库……")
    dumping.bring_back(settings.owner_url, folder / RECORD)
    say("逐表比较……")
    with one_moment(settings.owner_url) as (connection, _):
        if found := list(differences(manifest.tables, fingerprints(connection))):
            raise Refused(f"恢复的内容与备份不符（{found[0]}），没有恢复成；平台在重新恢复之前不会启动。")
    say("升级数据表，核验办理记录……")
    databases.bring_tables_up(settings)
    with connected(settings.owner_url) as connection:
        held = hold_what_may_have_left(connection, moved=moved)
        begin_anew(connection)
    return _restored(settings, manifest, held)


def _restored(settings: Settings, manifest: Manifest, held: int) -> Restored:
    missing = [name for name in manifest.keys if not place_of_key(settings, name).is_file()]
    there = manifest.keys.keys() - missing
    other = [name for name in there if digest_of(place_of_key(settings, name)) != manifest.keys[name]]
    # Without the key of the papers a new one would be made, and every anchor called forged.
    faults = [] if missing else _faults_of_audit()
    return Restored(manifest, held, missing, sorted(other), faults)


def _put_back(settings: Settings, folder: Path) -> None:
    for name in FOLDERS:
        if (folder / name).is_dir():
            target = settings.data / name
            target.mkdir(mode=0o700, exist_ok=True)
            shutil.copytree(folder / name, target, dirs_exist_ok=True)


def _put_back_keys(settings: Settings, manifest: Manifest, folder: Path) -> None:
    for name in manifest.keys.keys() & manifest.files.keys():
        place = place_of_key(settings, name)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(folder / name, place)
        place.chmod(0o600)


def _faults_of_audit() -> list[str]:
    """What the chain of the restored record says; a copy that cannot be read is one fault more."""
    with transaction() as session:
        found = [fault.sentence for file in audit_files(session, "") for fault in file.faults]
        try:
            return found + [one.sentence for one in faults_of_anchors(session, "")]
        except Refused as refusal:
            return [*found, str(refusal)]
