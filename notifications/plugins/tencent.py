"""腾讯云短信: tencentsms://SecretId:SecretKey@SdkAppId/手机号?sign=签名&template=1234567.

SendSms of 2021-01-11, signed by TC3-HMAC-SHA256.
"""

import json
from datetime import UTC, datetime
from typing import Any

from notifications.plugins.carrier import need
from notifications.plugins.cloud import CloudSms, shown
from notifications.plugins.signing import tencent_v3
from notifications.verdict import Delivery, never, not_now, unknown
from rules.notices import NoticeState

JSON = "application/json; charset=utf-8"
NEVER = (  # this number, or this message, whoever tries again
    "InvalidParameterValue.IncorrectPhoneNumber",
    "FailedOperation.PhoneNumberInBlacklist",
    "FailedOperation.ContainSensitiveWord",
    "FailedOperation.ForbidAddMarketingTemplates",
    "UnsupportedOperation.UnsupportedRegion",
    "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
)
DOUBTFUL = (  # their own time ran out
    "InternalError.Timeout",
    "InternalError.RequestTimeException",
    "InternalError.SendAndRecvFail",
)
OURS = ("AuthFailure", "UnauthorizedOperation", "InvalidParameter", "MissingParameter", "FailedOperation")


class TencentSms(CloudSms):
    """Sends one message by template; the answer's SerialNo is what its receipts name."""

    service_name = "Tencent Cloud SMS"
    service_url = "https://cloud.tencent.com/document/product/382"
    protocol = "tencentsms"
    host_of_vendor = "sms.tencentcloudapi.com"
    templates = ("{schema}://{user}:{password}@{host}/{targets}",)

    def __init__(self, place: str, options: dict[str, str], **kwargs: Any) -> None:
        super().__init__(place=place, options=options, **kwargs)
        self.sign = need(options.get("sign"), "sign")
        self.region = options.get("region", "ap-guangzhou")

    def hand_over(self, body: str) -> Delivery:
        """One SendSms to one number; values go by their place in the template."""
        filled = self.filled(body, self.template)
        asked = {
            "PhoneNumberSet": [self.target if self.target.startswith("+") else f"+86{self.target}"],
            "SmsSdkAppId": self.place,
            "SignName": self.sign,
            "TemplateId": filled.code,
            "TemplateParamSet": list(filled.values.values()),
            "SessionContext": self.reference,
        }
        content = json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
        answer = self.post(self.base, self._headers(content), content)
        return answer if isinstance(answer, Delivery) else _verdict(*answer)

    def _headers(self, content: bytes) -> dict[str, str]:
        timestamp = int(datetime.now(UTC).timestamp())
        signed = {"content-type": JSON, "host": self.endpoint, "x-tc-action": "sendsms"}
        return {
            "Content-Type": JSON,
            "Host": self.endpoint,
            "X-TC-Action": "SendSms",
            "X-TC-Version": "2021-01-11",
            "X-TC-Region": self.region,
            "X-TC-Timestamp": str(timestamp),
            "Authorization": tencent_v3(
                self.key_id, self.secret, signed, content, service="sms", timestamp=timestamp
            ),
        }


def _verdict(status: int, answer: dict[str, Any]) -> Delivery:
    said = answer.get("Response")
    error = said.get("Error") if isinstance(said, dict) else None
    sent = said.get("SendStatusSet") if isinstance(said, dict) else None
    if isinstance(error, dict):
        return _of_code(str(error.get("Code", "")), status)
    if isinstance(sent, list) and len(sent) == 1 and isinstance(sent[0], dict):
        code = str(sent[0].get("Code", ""))
        if code == "Ok":
            return Delivery(NoticeState.HANDED_OVER, reference=str(sent[0].get("SerialNo", ""))[:100])
        return _of_code(code, status)
    return _of_code("", status)


def _of_code(code: str, status: int) -> Delivery:
    if not code or code.startswith(DOUBTFUL) or status in (502, 504):
        return unknown(f"腾讯云答复 {shown(code or str(status))}，不能确定是否已经发出")
    if code.startswith(NEVER):
        return never(f"腾讯云拒绝：{shown(code)}")
    if code.startswith(OURS):
        return not_now(f"腾讯云答复 {shown(code)}，请检查短信的设置、模板和账户")
    return not_now(f"腾讯云答复 {shown(code)}")
