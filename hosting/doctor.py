"""What is wrong with this installation, and what should a person do about it?"""

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from config.prefect_lock import prefect_auth
from config.settings import Settings, settings, unknown_variables
from hosting import databases, migrating, programs
from hosting.health import answers, ask
from hosting.preflight import LEAST_DISK, holder, is_running_on, require_free, require_writable
from hosting.safety import LOOPBACK, rewritable, unsafe
from models.database import transaction
from models.provider import providers
from models.server import connected, has_trigrams, place, require_supported, server_version
from models.supervision import open_dates_beyond_tables
from rules.errors import Refused
from rules.named import Named
from rules.notices import Channel

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
COMFORTABLE_DISK = 10 * LEAST_DISK
JUST_STARTED = 30.0  # seconds
YOUNG = 90.0  # seconds; a platform this young has just started everything
CHANNEL_REMEDY = "请对照 docs/notifications.md 和 docs/gateways.md 改正"


class Level(Named):
    """How bad is it?"""

    GOOD = "good", "正常"
    NOTE = "note", "注意"
    FAULT = "fault", "错误"


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    check: str
    level: Level
    message: str
    remedy: str = ""


def good(check: str, message: str) -> Finding:
    """As it should be."""
    return Finding(check, Level.GOOD, message)


def note(check: str, message: str, remedy: str) -> Finding:
    """Worth knowing; nothing is broken."""
    return Finding(check, Level.NOTE, message, remedy)


def fault(check: str, message: str, remedy: str) -> Finding:
    """Must be mended."""
    return Finding(check, Level.FAULT, message, remedy)


def examine() -> list[Finding]:
    """Look at everything; a check that cannot be made is a finding too."""
    found = list(_packages())
    try:
        installation = settings()
    except Refused as refusal:
        return [*found, fault("设置", str(refusal), "改正后再检查")]
    running = is_running_on(installation.data)
    found.append(_finding_of_platform(installation, running))
    for check in CHECKS:
        found.extend(check(installation, running))
    return found


def _packages() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    suits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    remedy = "" if suits else "请用 Python 3.11 到 3.13 重新执行 make setup"
    yield Finding("Python", Level.GOOD if suits else Level.FAULT, python, remedy)
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", CONSTRAINTS.read_text(), re.MULTILINE))
    have = {name: _installed(name) for name in pins}
    other = [
        f"{name} {have[name]}（应为 {pin}）" for name, pin in pins.items() if have[name] not in (pin, None)
    ]
    if other:
        yield note("软件包", "版本与 constraints.txt 不同：" + "、".join(other), "请执行 make setup")
    else:
        yield good("软件包", "版本与 constraints.txt 一致")


def _finding_of_platform(installation: Settings, running: bool) -> Finding:
    if running:
        return good("平台", f"正在运行，数据在 {installation.data}")
    return note("平台", f"没有在 {installation.data} 上运行", "需要时请运行 yjs up")


def _folder(installation: Settings, _running: bool) -> Iterator[Finding]:
    if not installation.data.exists():
        yield note("数据文件夹", f"{installation.data} 还没有建立", "首次运行 yjs up 时会建立")
        return
    yield _tried(
        "数据文件夹",
        lambda: require_writable(installation.data),
        f"{installation.data} 可以写入",
        "请改正权限",
    )
    free = shutil.disk_usage(installation.data).free
    level = Level.FAULT if free < LEAST_DISK else Level.NOTE if free < COMFORTABLE_DISK else Level.GOOD
    yield Finding("磁盘", level, f"剩余 {free / 2**30:.1f} GB", "" if level is Level.GOOD else "请腾出空间")


def _ports(installation: Settings, running: bool) -> Iterator[Finding]:
    """While the platform runs, its ports are its own; the checks of the pages and of Prefect tell more."""
    if not running:
        for host, port, name in (
            (installation.host, installation.port, "YJS_PORT"),
            (installation.prefect_host, installation.prefect_port, "YJS_PREFECT_PORT"),
        ):
            yield _tried(f"端口 {port}", lambda h=host, p=port, n=name: require_free(h, p, n), "可以使用", "")  # type: ignore[misc]


def _record(installation: Settings, running: bool) -> Iterator[Finding]:
    if installation.embedded and not running:
        yield note("数据库", "自带的 PostgreSQL 随平台启动，现在没有运行", "运行 yjs up 后再检查")
        return
    url = installation.database_url
    yield _tried("数据库", lambda: _server(url), f"{place(url)} 可用", "请检查设置 dsn 和数据库服务")
    try:
        at, head = migrating.current(url), migrating.head()
    except Refused:
        return
    if at == head:
        yield good("数据表", f"是这个版本的（{head}）")
        yield _holiday_tables()
        beware = note("审计记录", "平台的数据库用户能改写", "请设置 owner_dsn，见 docs/operating.md")
        yield beware if rewritable(url) else good("审计记录", "平台的数据库用户只能添加，不能改写")
    else:
        remedy = "请重新运行 yjs up，它会升级" if at is None or migrating.knows(at) else migrating.NEWER
        yield fault("数据表", f"在 {at or '空库'}，这个版本要 {head}", remedy)


def _holiday_tables() -> Finding:
    with transaction() as session:
        count, until = open_dates_beyond_tables(session)
    if count:
        return note(
            "节假日表",
            f"公布到 {until}，{count} 个在办期限超出，都是暂定的",
            "国务院办公厅的通知公布后，请运行 yjs calendar import",
        )
    return good("节假日表", f"公布到 {until}，在办期限都在其内")


def _server(url: str) -> str:
    with connected(url) as connection:
        require_supported(connection)
        return f"PostgreSQL {server_version(connection)}，{place(url)}"


def _prefect_database(installation: Settings, running: bool) -> Iterator[Finding]:
    if running or not installation.embedded:
        url = databases.through_psycopg2(installation.prefect_database_url)
        yield _tried(
            "Prefect 的库", lambda: _trigrams(url), "可用", "请检查设置 prefect_dsn，或运行 yjs up 建立它"
        )


def _trigrams(url: str) -> str:
    with connected(url) as connection:
        if not has_trigrams(connection):
            raise Refused("缺少扩展 pg_trgm。")
    return f"{place(url)}，有 pg_trgm"


def _prefect(installation: Settings, running: bool) -> Iterator[Finding]:
    if not running:
        return
    status, body = ask(f"{installation.prefect_api_url}/admin/version", prefect_auth(installation))
    serving, ours = body.strip().strip('"'), version("prefect")
    if status != 200:
        log = installation.logs / "prefect.log"
        yield fault("Prefect", f"{installation.prefect_url} 没有应答", f"受理和审批照常；请看 {log}")
    elif serving != ours:
        yield fault("Prefect", f"服务是 {serving}，装着的是 {ours}", "请停止平台再运行 yjs up")
    else:
        yield good("Prefect", f"{serving}，{installation.prefect_url}")


def _pages(installation: Settings, running: bool) -> Iterator[Finding]:
    if not running:
        return
    if answers(f"{installation.local_url}/healthz"):
        yield good("网页", installation.web_url)
    else:
        log = installation.logs / "web.log"
        yield fault("网页", f"{installation.local_url} 没有应答", f"请看 {log}")


def _background(installation: Settings, running: bool) -> Iterator[Finding]:
    """The processes that answer nobody: do they run, and since when?"""
    pid = holder(installation.data) if running else None
    if pid is None or not psutil.pid_exists(pid):
        return
    alive = {tuple(child.cmdline()[-2:]): child.create_time() for child in psutil.Process(pid).children()}
    for program in (programs.conductor(installation), programs.worker(installation)):
        since = alive.get(tuple(program.command[-2:]))
        if since is None:
            yield fault(program.label, "没有运行，平台会再次启动它", f"请看 {program.log}")
        elif time.time() - since < JUST_STARTED and time.time() - psutil.Process(pid).create_time() > YOUNG:
            yield note(program.label, "刚刚重新启动过", f"若反复如此，请看 {program.log}")
        else:
            yield good(program.label, "正在运行")


def _channels(installation: Settings, running: bool) -> Iterator[Finding]:
    from notifications.channels import channel_faults, staff_faults  # they load a hundred kinds of gateways
    from notifications.checking import text_faults

    for setting, label, channel in (("mail_url", "邮件", Channel.EMAIL), ("sms_url", "短信", Channel.SMS)):
        faults = channel_faults(channel)
        yield from _to_put_right(label, faults, CHANNEL_REMEDY)
        if not faults and getattr(installation, setting) is None:
            yield note(label, "没有配置，消息只进入本地收件箱", f"要真正发出，请配置 {setting}")
        elif not faults:
            two = channel is Channel.SMS and installation.sms_backup_url
            yield good(label, f"已配置{_shares(running) if two else ''}")
    yield from _to_put_right("群通报", staff_faults(), CHANNEL_REMEDY)
    yield from _to_put_right("通知模板", text_faults(), "请改正 notifications/templates 里的文件")


def _shares(running: bool) -> str:
    """How the work is shared between the two gateways at this moment."""
    if not running:
        return "，有备用通道"
    with transaction() as session:
        rows = providers(session)
    shares = "，".join(f"{row.name} {row.priority}%" for row in rows)
    why = f"（{rows[0].reason}）" if rows and rows[0].reason else ""
    return f"，两个通道：{shares}{why}" if rows else "，有备用通道"


def _to_put_right(check: str, faults: list[str], remedy: str) -> Iterator[Finding]:
    for sentence in faults:
        yield fault(check, sentence.rstrip("。"), remedy)


def _safety(installation: Settings, _running: bool) -> Iterator[Finding]:
    for name in unknown_variables():
        yield note("设置", f"环境变量 {name} 不是一项设置", "请检查拼写")
    exposed = installation.host not in LOOPBACK or installation.public_url is not None
    found = unsafe(installation)
    if installation.production:
        for one in found:
            yield fault("安全", one.message, f"请{one.remedy}")
    elif installation.demo and exposed:
        yield fault(
            "安全", "演示账号对别的机器开放，密码众所周知", "请把 production 设为 true，或只在本机监听"
        )
    elif found:
        said = "；".join(one.message for one in found)
        yield note("安全", f"试用可以，正式使用之前要改正 {len(found)} 处：{said}", "见 docs/security.md")
        return
    if not found:
        yield good("安全", "没有发现不安全的设置")


def _tried(check: str, act: Callable[[], str | None], good: str, remedy: str) -> Finding:
    try:
        return Finding(check, Level.GOOD, act() or good)
    except Refused as refusal:
        return Finding(check, Level.FAULT, str(refusal).rstrip("。"), remedy)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


CHECKS = (
    _folder,
    _ports,
    _record,
    _prefect_database,
    _prefect,
    _pages,
    _background,
    _channels,
    _safety,
)
