"""Does Tencent Cloud believe that a message is ours, and do we understand its answers? Rules and vectors are theirs."""

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import quote

import pytest
import requests

from notifications.channels import deliver, settings_faults
from notifications.plugins.signing import canonical_request, tencent_v3
from notifications.verdict import Delivery
from rules.notices import Channel, NoticeState
from tests.clouds import SECRET_ID, SECRET_KEY, Cloud, cloud
from tests.notifications.conftest import Channels
from tests.notifications.test_aliyun import MOBILE, NUMBER, WORDS

PUBLISHED = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
JSON = "application/json; charset=utf-8"


def url(serving: Cloud, secret: str = SECRET_KEY) -> str:
    account = f"{SECRET_ID}:{quote(secret, safe='')}@1400006666"
    at = f"127.0.0.1:{serving.port}"
    return (
        f"tencentsms://{account}/{{to}}?sign={quote('示例政务')}&template=1110&endpoint={at}&secure=no&rto=1"
    )


def send() -> Delivery:
    return deliver(Channel.SMS, MOBILE, WORDS, "5e" * 16)


def test_the_signature_of_the_published_example() -> None:
    """DescribeInstances of cloud.tencent.com/document/api/213/30654 in the edition that signs two headers.

    Its secret is printed with stars, and was signed with the stars.
    """
    headers = {"content-type": JSON, "host": "cvm.tencentcloudapi.com"}
    signed = tencent_v3(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******",
        "Gu5t9xGARNpq86cd98joQYCN3*******",
        headers,
        PUBLISHED,
        service="cvm",
        timestamp=1551113065,
    )
    assert signed == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c"
    )


def test_the_canonical_request_of_the_published_example_with_the_action() -> None:
    """The present edition signs three headers, hides its secret, and prints the key derived from it."""
    headers = {"Content-Type": JSON, "Host": "cvm.tencentcloudapi.com", "X-TC-Action": "describeinstances"}
    canonical, names = canonical_request("", headers, PUBLISHED)
    assert names == "content-type;host;x-tc-action"
    to_sign = (
        "TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n"
        f"{hashlib.sha256(canonical.encode()).hexdigest()}"
    )
    derived = bytes.fromhex("b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af")
    signature = hmac.new(derived, to_sign.encode(), hashlib.sha256).hexdigest()
    assert signature == "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"


def test_the_signature_of_a_message_of_ours_step_by_step() -> None:
    """Every step written out by hand, on the day as UTC has it: 07:30 in China is still the day before."""
    headers = {"content-type": JSON, "host": "sms.tencentcloudapi.com", "x-tc-action": "sendsms"}
    body = '{"SignName":"示例"}'.encode()
    canonical = (
        "POST\n"
        "/\n"
        "\n"
        "content-type:application/json; charset=utf-8\n"
        "host:sms.tencentcloudapi.com\n"
        "x-tc-action:sendsms\n"
        "\n"
        "content-type;host;x-tc-action\n"
        f"{hashlib.sha256(body).hexdigest()}"
    )
    assert canonical_request("", headers, body)[0] == canonical
    timestamp = 1772753400  # 2026-03-05T23:30:00Z
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n2026-03-05/sms/tc3_request\n{hashed}"
    day = hmac.new(b"TC3secret", b"2026-03-05", hashlib.sha256).digest()
    service = hmac.new(day, b"sms", hashlib.sha256).digest()
    key = hmac.new(service, b"tc3_request", hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    signed = tencent_v3("id", "secret", headers, body, service="sms", timestamp=timestamp)
    assert signed.startswith("TC3-HMAC-SHA256 Credential=id/2026-03-05/sms/tc3_request, ")
    assert signed.endswith(f"Signature={signature}")


def test_a_message_by_the_template_of_its_event(channels: Channels) -> None:
    with cloud("tencent") as serving:
        channels(sms_url=url(serving), sms_templates='{"accepted": "1234567 number due departments"}')
        assert settings_faults() == []
        delivery = send()
    assert (delivery.state, delivery.via) == (NoticeState.HANDED_OVER, "tencentsms")
    assert delivery.reference == "2019:000001", "under which its receipt will come"
    assert serving.messages == [
        {
            "PhoneNumberSet": [f"+86{MOBILE}"],
            "SmsSdkAppId": "1400006666",
            "SignName": "示例政务",
            "TemplateId": "1234567",
            "TemplateParamSet": [NUMBER, "2026年4月3日（暂定）", "市场监管、消防"],
            "SessionContext": "5e" * 16,
        }
    ]


@pytest.mark.parametrize(
    ("code", "state", "again"),
    [
        ("LimitExceeded.PhoneNumberDailyLimit", NoticeState.FAILED, True),
        ("InvalidParameterValue.IncorrectPhoneNumber", NoticeState.REJECTED, False),
        ("FailedOperation.PhoneNumberInBlacklist", NoticeState.REJECTED, False),
        ("FailedOperation.TemplateIncorrectOrUnapproved", NoticeState.FAILED, True),
        ("FailedOperation.InsufficientBalanceInSmsPackage", NoticeState.FAILED, True),
        ("InternalError.OtherError", NoticeState.FAILED, True),
        ("InternalError.Timeout", NoticeState.UNKNOWN, False),
        ("", NoticeState.UNKNOWN, False),
    ],
)
def test_what_it_answers(channels: Channels, code: str, state: NoticeState, again: bool) -> None:
    with cloud("tencent", code=code) as serving:
        channels(sms_url=url(serving))
        delivery = send()
    assert (delivery.state, delivery.again, delivery.reference) == (state, again, "")
    assert code in delivery.why


def test_a_wrong_secret_or_clock_is_ours_to_put_right(channels: Channels) -> None:
    with cloud("tencent") as serving:
        channels(sms_url=url(serving, secret="wrong"))
        wrong = send()
        serving.ahead = timedelta(minutes=6)
        channels(sms_url=url(serving))
        late = send()
    for delivery, code in ((wrong, "AuthFailure.SignatureFailure"), (late, "AuthFailure.SignatureExpire")):
        assert (delivery.state, delivery.again) == (NoticeState.FAILED, True)
        assert code in delivery.why
    assert serving.messages == []


def test_a_request_repeated_later_or_changed_is_refused(channels: Channels) -> None:
    """Tencent knows no nonce: a copy is worth nothing after five minutes."""
    with cloud("tencent") as serving:
        channels(sms_url=url(serving))
        send()
        path, headers, body = serving.requests[0]
        base = f"http://127.0.0.1:{serving.port}"
        other = body.replace(MOBILE.encode(), b"13900000000")
        changed = requests.post(base + path, headers=headers, data=other, timeout=5)
        serving.ahead = timedelta(minutes=6)
        repeated = requests.post(base + path, headers=headers, data=body, timeout=5)
    assert changed.json()["Response"]["Error"]["Code"] == "AuthFailure.SignatureFailure"
    assert repeated.json()["Response"]["Error"]["Code"] == "AuthFailure.SignatureExpire"
    assert len(serving.messages) == 1


def test_taken_without_an_answer_is_unknown(channels: Channels) -> None:
    with cloud("tencent", code=None) as serving:
        channels(sms_url=url(serving))
        delivery = send()
    assert (delivery.state, delivery.again) == (NoticeState.UNKNOWN, False)


def test_an_address_without_the_signature_is_refused(channels: Channels) -> None:
    channels(sms_url="tencentsms://AKIDexample:hidden@1400006666/{to}?template=1110")
    [fault] = settings_faults()
    assert "不完整或缺少密钥" in fault
    assert "hidden" not in fault
