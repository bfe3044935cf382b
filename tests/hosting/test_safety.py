"""In production nothing unsafe starts; each fault is one sentence with its remedy."""

from pathlib import Path
from typing import Any

import pytest

from config.prefect_lock import lock_file, prefect_auth
from config.settings import Settings
from hosting.safety import refuse_unsafe, unsafe
from rules.errors import Refused
from tests.clusters import environment_of, run_yjs

SAFE: dict[str, Any] = {"production": True, "public_url": "https://hall.example.cn"}


def settings_of(folder: Path, **given: Any) -> Settings:
    return Settings(**{"data": folder / "data", **SAFE, **given})


def test_a_production_with_https_behind_a_proxy_is_safe(tmp_path: Path) -> None:
    installation = settings_of(tmp_path)
    assert unsafe(installation) == []
    refuse_unsafe(installation)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"demo": True}, "演示账号"),
        ({"public_url": None, "allowed_hosts": "hall.example.cn"}, "没有 https 网址"),
        ({"public_url": "http://hall.example.cn"}, "没有 https 网址"),
        ({"public_url": None}, "没有限定域名"),
        ({"allowed_hosts": "*"}, "通配符"),
        ({"host": "0.0.0.0"}, "不经反向代理"),
        ({"trusted_proxies": "*"}, "谁都可以冒充"),
        ({"trusted_proxies": "0.0.0.0/0"}, "谁都可以冒充"),
        ({"second_factor": "none"}, "系统管理、安全管理、审计管理只凭密码"),
        ({"second_factor": "admin security"}, "审计管理只凭密码"),
        ({"prefect_locked": False}, "Prefect 服务没有口令"),
        ({"sms_receipts": True}, "没有验证回执的密钥"),
        ({"receipt_secret": "a" * 20}, "太简单"),
        ({"dsn": "postgresql://hall:postgres@db.example.cn/hall"}, "谁都会先试"),
        ({"oidc_issuer": "http://id.example.cn", "oidc_client_id": "x"}, "不是 https"),
        ({"oidc_issuer": "https://id.example.cn"}, "只设置了一半"),
    ],
    ids=str,
)
def test_what_is_unsafe_is_said_with_its_remedy(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    installation = settings_of(tmp_path, **given)
    assert [one for one in unsafe(installation) if said in str(one) and one.remedy], unsafe(installation)
    with pytest.raises(Refused, match="平台没有启动"):
        refuse_unsafe(installation)


def test_on_trial_nothing_is_refused(tmp_path: Path) -> None:
    installation = settings_of(tmp_path, production=False, public_url=None)
    assert unsafe(installation)
    refuse_unsafe(installation)


def test_keys_that_others_may_read_are_unsafe(tmp_path: Path) -> None:
    installation = settings_of(tmp_path)
    assert prefect_auth(installation) == prefect_auth(installation)
    assert lock_file(installation).stat().st_mode & 0o777 == 0o600
    assert unsafe(installation) == []
    lock_file(installation).chmod(0o644)
    [found] = unsafe(installation)
    assert "别的系统用户也能读" in str(found)


def test_the_platform_does_not_start_and_says_why(tmp_path: Path) -> None:
    environment = environment_of(tmp_path, production="true", demo="true", prefect_locked="false")
    answer = run_yjs("up", environment=environment)
    assert answer.returncode == 1
    assert answer.stdout == ""
    lines = answer.stderr.strip().splitlines()
    assert lines[0] == "正式环境的设置不安全，平台没有启动："
    assert len(lines) >= 4
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "data" / "postgres").exists(), "nothing was begun"
    doctor = run_yjs("doctor", environment=environment)
    assert doctor.returncode == 1
    assert "有演示账号" in doctor.stdout
