"""Does every wrong setting become one sentence, and does every right one arrive?"""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from config import settings as module
from config.settings import Settings, read_settings, unknown_variables
from rules.errors import Refused


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "my.toml"
    file.write_text('port = 9001\nregion = "110000"\n')
    monkeypatch.setenv("YJS_SETTINGS", str(file))
    monkeypatch.setenv("YJS_PORT", "9002")
    settings = read_settings()
    assert (settings.port, settings.region) == (9002, "110000")


def test_the_file_of_the_current_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YJS_SETTINGS")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "yijianshi.toml").write_text("port = 9003\n")
    assert read_settings().port == 9003


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "abc"),
        ("port", "0"),
        ("port", "65536"),
        ("region", "11"),
        ("production", "maybe"),
        ("upload_limit_mb", "-1"),
        ("public_url", "ftp://example.com"),
        ("dsn", "mysql://u:secret@h/x"),
        ("dsn", "postgresql://u:secret@h"),
        ("dsn", "postgresql://u:secret@h:port/x"),
        ("prefect_dsn", "secret"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_setting(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"YJS_{name.upper()}", value)
    with pytest.raises(Refused) as refusal:
        read_settings()
    sentence = str(refusal.value)
    assert f"YJS_{name.upper()}" in sentence
    assert "应该是" in sentence
    assert "secret" not in sentence
    assert "\n" not in sentence


def test_all_faults_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_PORT", "abc")
    monkeypatch.setenv("YJS_PRODUCTION", "maybe")
    with pytest.raises(Refused) as refusal:
        read_settings()
    assert str(refusal.value).count("应该是") == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [("port = ", "不是正确的 TOML"), ("potr = 9000", "potr 不是一项设置")],
)
def test_a_faulty_file_is_one_sentence(
    content: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "faulty.toml"
    file.write_text(content)
    monkeypatch.setenv("YJS_SETTINGS", str(file))
    with pytest.raises(Refused, match=says):
        read_settings()


def test_a_missing_file_that_was_named_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_SETTINGS", "/nowhere/yijianshi.toml")
    with pytest.raises(Refused, match="没有设置文件"):
        read_settings()


def test_production_has_no_demo_city_unless_asked() -> None:
    assert Settings().demo
    assert not Settings(production=True).demo


def test_a_dsn_serves_both_drivers() -> None:
    settings = Settings(dsn="postgres://u:p%40ss@db.example:5433/record?sslmode=require&application_name=x")
    ours, prefects = make_url(settings.database_url), make_url(settings.prefect_database_url)
    assert (ours.drivername, ours.password, ours.database) == ("postgresql+psycopg2", "p@ss", "record")
    assert (prefects.drivername, prefects.port, prefects.database) == (
        "postgresql+asyncpg",
        5433,
        "record_prefect",
    )
    assert dict(prefects.query) == {"ssl": "require"}


def test_the_socket_path_always_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "geteuid", lambda: 1000)
    short, deep = Settings(data=Path("/srv/yjs")), Settings(data=tmp_path / ("deep" * 40))
    assert short.socket_folder == Path("/srv/yjs/run")
    for settings in (short, deep):
        assert len(str(settings.socket_folder / ".s.PGSQL.5432")) <= module.SOCKET_PATH_LIMIT


def test_a_misspelt_variable_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YJS_POTR", "9000")
    assert unknown_variables() == ["YJS_POTR"]
