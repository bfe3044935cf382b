"""Is every broken database address one sentence, without the password?"""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from config.settings import Settings
from hosting import databases
from models import server
from models.server import connected
from rules.errors import Refused


def refusal_of(settings: Settings) -> str:
    with pytest.raises(Refused) as refusal:
        databases.prepare_databases(settings)
    sentence = str(refusal.value)
    assert "\n" not in sentence
    assert "secret" not in sentence
    return sentence


def test_nobody_there() -> None:
    assert "没有在这个端口上应答" in refusal_of(Settings(dsn="postgresql://u:secret@127.0.0.1:1/x"))


def test_an_unknown_host() -> None:
    assert "找不到这台主机" in refusal_of(Settings(dsn="postgresql://u:secret@nowhere.invalid/x"))


def test_something_else_than_postgresql() -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        threading.Thread(target=_answer_like_a_web_server, args=(somebody,), daemon=True).start()
        port = somebody.getsockname()[1]
        assert "不是 PostgreSQL" in refusal_of(Settings(dsn=f"postgresql://u:secret@127.0.0.1:{port}/x"))


def test_somebody_who_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECT_TIMEOUT", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert "等候应答超时" in refusal_of(Settings(dsn=f"postgresql://u:secret@127.0.0.1:{port}/x"))


def test_a_database_or_user_that_does_not_exist(cluster: Settings) -> None:
    address = f"{cluster.socket_folder}&port=5432"
    assert "没有这个库" in refusal_of(Settings(dsn=f"postgresql://yijianshi@/nothing?host={address}"))
    assert "这个用户" in refusal_of(Settings(dsn=f"postgresql://nobody:secret@/yijianshi?host={address}"))


def test_a_postgresql_that_is_too_old(cluster: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "OLDEST", 99)
    assert "平台需要 99 版或更新的版本" in refusal_of(Settings(dsn=cluster.owner_url))


def test_the_second_database_is_made_beside_the_first(cluster: Settings) -> None:
    with connected(cluster.owner_url) as connection:
        server.ensure_database(connection, "city")
    settings = Settings(dsn=f"postgresql://yijianshi@/city?host={cluster.socket_folder}&port=5432")
    databases.prepare_databases(settings)
    databases.prepare_databases(settings)  # the second time changes nothing
    with connected(databases.through_psycopg2(settings.prefect_database_url)) as connection:
        assert connection.execute(text("SELECT current_database()")).scalar_one() == "city_prefect"
        assert server.has_trigrams(connection)


def test_without_the_right_to_make_databases_it_is_said(cluster: Settings) -> None:
    with connected(cluster.owner_url) as connection:
        connection.execute(text("CREATE ROLE modest LOGIN"))
        connection.execute(text("CREATE DATABASE modest_city OWNER modest"))
    address = f"{cluster.socket_folder}&port=5432"
    sentence = refusal_of(Settings(dsn=f"postgresql://modest@/modest_city?host={address}"))
    assert "没有名为 modest_city_prefect 的库" in sentence


def _answer_like_a_web_server(somebody: socket.socket) -> None:
    while True:
        try:
            visitor, _ = somebody.accept()
        except OSError:
            return
        with visitor:
            visitor.recv(1024)
            visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_the_folder_of_the_cluster_is_named_in_messages(cluster: Settings) -> None:
    assert server.place(cluster.owner_url) == f"{cluster.socket_folder}:5432/yijianshi"
    assert Path(cluster.socket_folder).is_dir()


def test_two_make_the_same_database_at_the_same_moment(cluster: Settings) -> None:
    """The platform makes Prefect's database again while an operator does."""
    barrier = threading.Barrier(6)

    def make(_: int) -> None:
        with connected(cluster.owner_url) as connection:
            barrier.wait()
            server.ensure_database(connection, "at_once")

    with ThreadPoolExecutor(6) as hands:
        list(hands.map(make, range(6)))
    with connected(cluster.owner_url) as connection:
        assert server.has_database(connection, "at_once")
