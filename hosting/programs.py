"""Which processes make up a running platform?"""

import sys
from dataclasses import replace
from socket import socket

from config.prefect_lock import prefect_auth_string
from config.settings import Settings
from hosting import databases
from hosting.processes import Program

WEB_PATIENCE = 10.0  # seconds; a request under way may finish
# Several servers that start at once would make the same tables, and add the same blocks, of which we use none: one
# of them fails. `yjs migrate` makes the tables before.
MIGRATED_BEFORE = {
    "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
}


# What its services would do for runs that nobody watches; ours are watched by the conductor and `yjs drift`.
WITHOUT = {
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",  # one state more for every run that waits 15 s for a worker
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",  # a suspended case waits as long as it must
    "PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_ENABLED": "false",  # of workers that Prefect itself starts
}
# Task runs reach Prefect as events (tasks/departments.py); many are written at once, within a second.
RECORDER = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}
# As many requests at once as passes and their departments make: a connection beyond the pool is made, learns every
# statement anew and is closed again, for one request.
CONNECTIONS = {
    "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE": "20",
    "PREFECT_SERVER_DATABASE_SQLALCHEMY_MAX_OVERFLOW": "10",
}


def prefect_server(settings: Settings) -> Program:
    """Prefect's API, UI and services in one process. uvloop and httptools: half as many again."""
    return Program(
        name="prefect",
        label="Prefect 服务",
        command=[
            *(sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"),
            *("--host", settings.prefect_host, "--port", str(settings.prefect_port)),
            *("--loop", "uvloop", "--http", "httptools", "--log-level", "warning"),
            *("--timeout-graceful-shutdown", "3"),  # the workers' websockets would hold it for ever
        ],
        log=settings.logs / "prefect.log",
        environment=server_environment(settings),
        steps_back=True,
        before_again=lambda: databases.ensure_prefects(settings),  # somebody may have dropped it
        patience=5.0,  # it does not listen while it makes its tables; PostgreSQL undoes what was half done
    )


def prefect_api(settings: Settings) -> Program:
    """One of several Prefect servers: API and UI, without services. They hear of each other through Redis."""
    alone = prefect_server(settings)
    apart = {
        **alone.environment,
        "PREFECT__SERVER_WEBSERVER_ONLY": "1",
    }  # as `prefect server start --no-services`
    return replace(alone, environment=apart | MIGRATED_BEFORE)


def prefect_services(settings: Settings) -> Program:
    """What goes on beside several Prefect servers: schedules, late runs, events."""
    alone = prefect_server(settings)
    command = [sys.executable, "-m", "prefect", "server", "services", "start"]
    return replace(alone, command=command, environment={**alone.environment, **MIGRATED_BEFORE})


def prefect_tables(settings: Settings) -> Program:
    """Makes Prefect's tables, or brings them to this version, and ends."""
    alone = prefect_server(settings)
    return replace(alone, command=[sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"])


def conductor(settings: Settings) -> Program:
    """Compares what the record asks for with what Prefect does."""
    return _module(settings, "flows.conductor", "conductor", "指挥进程", steps_back=True)


def worker(settings: Settings) -> Program:
    """Runs the flows' passes, and sends the notices."""
    return _module(settings, "flows.worker", "worker", "执行进程", steps_back=True)


def web(settings: Settings, door: socket) -> Program:
    """The pages, at a door that is open already."""
    own = _module(settings, "web", "web", "网页")
    return replace(own, command=[*own.command, str(door.fileno())], inherits=(door.fileno(),))


def web_together(settings: Settings, door: socket) -> Program:
    """Several stand at one door, each takes the next who comes; while one starts again, others do."""
    one = web(settings, door)
    return replace(one, environment={**one.environment, "PROMETHEUS_MULTIPROC_DIR": str(settings.web_counts)})


def server_environment(settings: Settings) -> dict[str, str]:
    """What a process of Prefect's own server must find."""
    lock = prefect_auth_string(settings)
    return prefect_environment(settings) | {
        **WITHOUT,
        **CONNECTIONS,
        **RECORDER,
        **({"PREFECT_SERVER_API_AUTH_STRING": lock} if lock else {}),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": settings.prefect_database_url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT__SERVER_FINAL": "1",  # as its own command line says: no second server in this process
    }


def prefect_environment(settings: Settings) -> dict[str, str]:
    """What every process that imports Prefect must find: our server, our folder, nobody's profile."""
    lock = prefect_auth_string(settings)
    return {
        **({"PREFECT_API_AUTH_STRING": lock} if lock else {}),
        "PREFECT_API_URL": settings.prefect_api_url,
        "PREFECT_HOME": str(settings.prefect_home),
        "PREFECT_PROFILES_PATH": str(settings.prefect_home / "profiles.toml"),
        "DO_NOT_TRACK": "1",
    }


def _module(settings: Settings, module: str, name: str, label: str, *, steps_back: bool = False) -> Program:
    return Program(
        name=name,
        label=label,
        command=[sys.executable, "-m", module],
        log=settings.logs / f"{name}.log",
        environment=prefect_environment(settings) | {"PYTHONUNBUFFERED": "1"},
        steps_back=steps_back,
        patience=WEB_PATIENCE,
    )
