"""Does Aliyun believe that a message is ours, and do we understand what it answers? Rules and vectors are Aliyun's."""

import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import quote

import pytest
import requests

from notifications.channels import deliver, settings_faults
from notifications.plugins.signing import aliyun_v3, canonical_query, canonical_request
from notifications.verdict import Delivery
from notifications.wording import Words
from rules.notices import Channel, Event, NoticeState
from tests.clouds import ACCESS_KEY, SECRET, Cloud, cloud
from tests.notifications.conftest import Channels

MOBILE = "13800000000"
NUMBER = "000000-B1-20260306-000001-4"
LINK = f"https://hall.example.com/track?no={NUMBER}"
WORDS = Words(
    "已受理",
    "",
    "",
    f"【一件事】您的“开办餐饮店”已受理，编号{NUMBER} {LINK}",
    Event.ACCEPTED,
    {
        "number": NUMBER,
        "bundle": "开办餐饮店",
        "due": "2026年4月3日（暂定）",
        "departments": ["市场监管", "消防"],
        "link": LINK,
    },
)
ACCEPTED = '{"accepted": "SMS_200001 number due departments"}'


def url(serving: Cloud, secret: str = SECRET) -> str:
    account = f"{ACCESS_KEY}:{quote(secret, safe='')}@{quote('示例政务服务')}"
    at = f"127.0.0.1:{serving.port}"
    return f"aliyunsms://{account}/{{to}}?template=SMS_100001&endpoint={at}&secure=no&rto=1"


def send(reference: str = "5e" * 16) -> Delivery:
    return deliver(Channel.SMS, MOBILE, WORDS, reference)


def test_the_signature_of_the_published_example() -> None:
    """RunInstances of help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature."""
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": nothing,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    canonical, names = canonical_request(canonical_query(query), headers, b"")
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    assert hashed == "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"
    assert aliyun_v3("YourAccessKeyId", "YourAccessKeySecret", headers, query) == (
        f"ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders={names},"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_the_signature_of_a_message_of_ours_step_by_step() -> None:
    """Every step written out by hand, Chinese and all."""
    query = {"PhoneNumbers": MOBILE, "SignName": "示例", "TemplateParam": '{"a":"b c*~/"}'}
    headers = {
        "host": "dysmsapi.aliyuncs.com",
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": "2026-03-06T01:30:00Z",
        "x-acs-signature-nonce": "0123456789abcdef",
        "x-acs-version": "2017-05-25",
    }
    canonical = (
        "POST\n"
        "/\n"
        "PhoneNumbers=13800000000&SignName=%E7%A4%BA%E4%BE%8B"
        "&TemplateParam=%7B%22a%22%3A%22b%20c%2A~%2F%22%7D\n"
        "host:dysmsapi.aliyuncs.com\n"
        "x-acs-action:SendSms\n"
        "x-acs-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
        "x-acs-date:2026-03-06T01:30:00Z\n"
        "x-acs-signature-nonce:0123456789abcdef\n"
        "x-acs-version:2017-05-25\n"
        "\n"
        "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    assert canonical_request(canonical_query(query), headers, b"")[0] == canonical
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(b"secret", to_sign.encode(), hashlib.sha256).hexdigest()
    assert aliyun_v3("id", "secret", headers, query).endswith(f"Signature={signature}")


def test_a_message_by_the_template_of_its_event(channels: Channels) -> None:
    with cloud("aliyun") as serving:
        channels(sms_url=url(serving), sms_templates=ACCEPTED)
        assert settings_faults() == []
        delivery = send()
    assert (delivery.state, delivery.via) == (NoticeState.HANDED_OVER, "aliyunsms")
    assert delivery.reference == "9006195000001^0", "under which its receipt will come"
    [asked] = serving.messages
    assert json.loads(asked.pop("TemplateParam")) == {
        "number": NUMBER,
        "due": "2026年4月3日（暂定）",
        "departments": "市场监管、消防",
    }
    assert asked == {
        "PhoneNumbers": MOBILE,
        "SignName": "示例政务服务",
        "TemplateCode": "SMS_200001",
        "OutId": "5e" * 16,
    }


def test_without_a_template_of_its_own_the_whole_message_is_the_one_value(channels: Channels) -> None:
    """The signature is the carrier's, and it lets no link through."""
    with cloud("aliyun") as serving:
        channels(sms_url=url(serving))
        assert send().state is NoticeState.HANDED_OVER
    [asked] = serving.messages
    assert asked["TemplateCode"] == "SMS_100001"
    assert json.loads(asked["TemplateParam"]) == {"content": f"您的“开办餐饮店”已受理，编号{NUMBER}"}


@pytest.mark.parametrize(
    ("code", "state", "again"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", NoticeState.FAILED, True),
        ("isv.DAY_LIMIT_CONTROL", NoticeState.FAILED, True),
        ("isp.SYSTEM_ERROR", NoticeState.FAILED, True),
        ("isv.MOBILE_NUMBER_ILLEGAL", NoticeState.REJECTED, False),
        ("isv.SMS_TEMPLATE_ILLEGAL", NoticeState.FAILED, True),
        ("isv.OUT_OF_SERVICE", NoticeState.FAILED, True),
        ("isp.UNKNOWN", NoticeState.UNKNOWN, False),
        ("", NoticeState.UNKNOWN, False),
    ],
)
def test_what_it_answers(channels: Channels, code: str, state: NoticeState, again: bool) -> None:
    with cloud("aliyun", code=code) as serving:
        channels(sms_url=url(serving))
        delivery = send()
    assert (delivery.state, delivery.again, delivery.reference) == (state, again, "")
    assert code in delivery.why
    assert SECRET not in delivery.why


def test_taken_without_an_answer_is_unknown(channels: Channels) -> None:
    with cloud("aliyun", code=None) as serving:
        channels(sms_url=url(serving))
        delivery = send()
        assert len(serving.messages) == 1
    assert (delivery.state, delivery.again, delivery.silent) == (NoticeState.UNKNOWN, False, True)


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        ((200, b"<html>captive portal</html>"), NoticeState.UNKNOWN),
        ((302, b""), NoticeState.UNKNOWN),
        ((407, b"proxy"), NoticeState.FAILED),
        ((503, b"busy"), NoticeState.FAILED),
        ((504, b"gateway timeout"), NoticeState.UNKNOWN),
    ],
)
def test_an_answer_of_somebody_else(channels: Channels, raw: tuple[int, bytes], state: NoticeState) -> None:
    with cloud("aliyun", raw=raw) as serving:
        channels(sms_url=url(serving))
        assert send().state is state


def test_a_wrong_secret_or_clock_is_ours_to_put_right(channels: Channels) -> None:
    with cloud("aliyun") as serving:
        channels(sms_url=url(serving, secret="wrong"))
        wrong = send()
        serving.ahead = timedelta(minutes=16)
        channels(sms_url=url(serving))
        late = send()
        serving.ahead = timedelta(minutes=-14)
        assert send().state is NoticeState.HANDED_OVER
    for delivery, code in ((wrong, "SignatureDoesNotMatch"), (late, "InvalidTimeStamp.Expired")):
        assert (delivery.state, delivery.again) == (NoticeState.FAILED, True)
        assert code in delivery.why
        assert "请检查" in delivery.why


def test_a_request_that_somebody_repeats_or_changes_is_refused(channels: Channels) -> None:
    with cloud("aliyun") as serving:
        channels(sms_url=url(serving))
        send()
        path, headers, body = serving.requests[0]
        base = f"http://127.0.0.1:{serving.port}"
        repeated = requests.post(base + path, headers=headers, data=body, timeout=5)
        changed = requests.post(
            base + path.replace(MOBILE, "13900000000"), headers=headers, data=body, timeout=5
        )
    assert repeated.json()["Code"] == "SignatureNonceUsed"
    assert changed.json()["Code"] == "SignatureDoesNotMatch"
    assert len(serving.messages) == 1


@pytest.mark.parametrize(
    ("address", "templates", "why"),
    [
        ("aliyunsms://LTAI5tEXAMPLE@sign/{to}?template=SMS_1", "{}", "不完整或缺少密钥"),
        ("aliyunsms://LTAI5tEXAMPLE:hidden@sign/{to}", '{"ready": "SMS_1"}', "没有通用模板，这些事由也没有"),
        (
            "aliyunsms://LTAI5tEXAMPLE:hidden@sign/{to}?template=SMS_1",
            '{"redy": "SMS_1"}',
            "没有名为 redy 的",
        ),
        (
            "aliyunsms://LTAI5tEXAMPLE:hidden@sign/{to}?template=SMS_1",
            '{"ready": "SMS_1 palce"}',
            "不认识的变量 palce",
        ),
        (
            "aliyunsms://LTAI5tEXAMPLE:hidden@sign/{to}?template=SMS_1",
            '{"ready": ""}',
            "ready 没有写模板编号",
        ),
    ],
)
def test_a_wrong_setting_is_named(channels: Channels, address: str, templates: str, why: str) -> None:
    channels(sms_url=address, sms_templates=templates)
    [fault] = settings_faults()
    assert why in fault
    assert "hidden" not in fault
