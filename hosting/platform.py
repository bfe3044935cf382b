"""How does the whole platform come up, stay up and go down?"""

import logging
import logging.handlers
import time
from collections.abc import Callable
from socket import socket

from config.districts import districts
from config.logs import formatter_for
from config.settings import Settings
from hosting import databases, demo_city, postgres, programs
from hosting.health import answers
from hosting.preflight import (
    count_from_nothing,
    only_platform_on,
    opened_door,
    prepare_folders,
    require_free_ports,
    require_own_prefect,
    require_restored,
)
from hosting.safety import refuse_unsafe
from hosting.supervisor import StopAsked, Supervisor

WEB_TIMEOUT = 60.0  # seconds
PREFECT_TIMEOUT = 120.0  # seconds; its first start makes its tables

Say = Callable[[str], None]


def run(settings: Settings, *, say: Say, ready: Callable[[], None]) -> None:
    """Run the platform in the foreground until somebody asks it to stop."""
    refuse_unsafe(settings)
    districts()  # a fault of the file is told now, not on a page
    prepare_folders(settings)
    with only_platform_on(settings.data):
        require_restored(settings)
        require_own_prefect(settings)
        require_free_ports(settings)
        count_from_nothing(settings)
        _log_to(settings)
        with Supervisor(say) as supervisor, opened_door(settings) as door:
            try:
                bring_up(supervisor, settings, door, say)
                ready()
                supervisor.keep_running()
            except StopAsked:
                pass
        postgres.tidy(settings)
    say("已停止，数据保留在 " + str(settings.data))


def bring_up(supervisor: Supervisor, settings: Settings, door: socket, say: Say) -> None:
    """Start everything in order; return when the pages and Prefect answer."""
    if settings.embedded:
        say("启动 PostgreSQL……")
        _start_postgres(supervisor, settings, say)
    say("检查数据库……")
    databases.prepare_databases(settings)
    supervisor.start(programs.prefect_server(settings))  # the slowest: it makes its tables while we make ours
    say("升级数据表……")
    databases.bring_tables_up(settings)
    demo_city.seed(settings)
    for program in (
        *[programs.web_together(settings, door)] * settings.web_processes,
        programs.worker(settings),
        programs.conductor(settings),
    ):
        supervisor.start(program)
    name_what_keeps_messages_back(say)
    _wait_until_ready(supervisor, settings, say)


def _start_postgres(supervisor: Supervisor, settings: Settings, say: Say) -> None:
    process = supervisor.start(postgres.program(settings))
    postgres.wait_until_ready(process, settings, say=say, look=supervisor.look_for_a_stop)


def name_what_keeps_messages_back(say: Say) -> None:
    """People can work without messages, so it starts; the messages wait until this is put right."""
    from notifications.checking import faults  # it loads a hundred kinds of gateways

    for sentence in faults():
        say(f"注意：{sentence.rstrip('。')}。改正并重新启动之前，有关的通知发不出去。")


def _wait_until_ready(supervisor: Supervisor, settings: Settings, say: Say) -> None:
    """People can work as soon as the pages answer; Prefect being late is said, not fatal."""
    began = time.monotonic()
    say("等待网页……")
    if not supervisor.wait_for(lambda: answers(f"{settings.local_url}/healthz"), WEB_TIMEOUT):
        say(f"网页在 {WEB_TIMEOUT:.0f} 秒内没有应答，请看 {settings.logs / 'web.log'}")
    say("等待 Prefect……")
    left = PREFECT_TIMEOUT - (time.monotonic() - began)
    if not supervisor.wait_for(lambda: answers(f"{settings.prefect_api_url}/health"), left):
        say(f"Prefect 还没有应答，受理和审批照常，它来了自会跟上；日志：{settings.logs / 'prefect.log'}")


def _log_to(settings: Settings) -> None:
    """The supervisor's own sentences, kept."""
    handler = logging.handlers.RotatingFileHandler(
        settings.logs / "platform.log", maxBytes=5_000_000, backupCount=2, encoding="utf-8"
    )
    handler.setFormatter(formatter_for("platform"))
    logger = logging.getLogger("hosting")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
