"""Is each thing that stands in the way of a start one sentence?"""

import socket
from pathlib import Path

import pytest

from config.settings import Settings
from hosting import preflight
from rules.errors import Refused


def test_a_second_platform_on_the_same_data_is_refused(tmp_path: Path) -> None:
    assert not preflight.is_running_on(tmp_path)
    with preflight.only_platform_on(tmp_path):
        assert preflight.is_running_on(tmp_path)
        with (
            pytest.raises(Refused, match=r"已有一个平台在运行（进程 \d+）"),
            preflight.only_platform_on(tmp_path),
        ):
            pass
    assert not preflight.is_running_on(tmp_path)


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        with pytest.raises(Refused, match=f"端口 {port} 用不了（已被别的程序占用），请用 YJS_PORT"):
            preflight.require_free("127.0.0.1", port, "YJS_PORT")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Refused, match="不是本机的地址"):
        preflight.require_free("192.0.2.1", 8000, "YJS_PORT")


def test_one_port_for_two_is_refused() -> None:
    with pytest.raises(Refused, match="不能用同一个端口"):
        preflight.require_free_ports(Settings(port=8000, prefect_port=8000))


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(Refused, match="那里已有一个同名文件"):
        preflight.prepare_folders(Settings(data=tmp_path / "data"))


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="路径中有一段是文件"):
        preflight.prepare_folders(Settings(data=tmp_path / "file" / "data"))


def test_a_place_that_takes_no_files_is_refused() -> None:
    with pytest.raises(Refused, match="不能"):
        preflight.prepare_folders(Settings(data=Path("/proc/yijianshi")))


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LEAST_DISK", 2**62)
    with pytest.raises(Refused, match="磁盘只剩"):
        preflight.prepare_folders(Settings(data=tmp_path / "data"))
