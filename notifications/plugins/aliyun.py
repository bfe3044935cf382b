"""阿里云短信: aliyunsms://AccessKeyId:AccessKeySecret@签名/手机号?template=SMS_123456.

SendSms of 2017-05-25, signed by V3 (ACS3-HMAC-SHA256), which Aliyun recommends in place of V2 with HMAC-SHA1.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from notifications.plugins.cloud import CloudSms, shown
from notifications.plugins.signing import aliyun_v3, canonical_query, sha256
from notifications.verdict import Delivery, never, not_now, unknown
from rules.notices import NoticeState

NEVER = frozenset(  # this number, or this message, whoever tries again
    {
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.SMS_CONTENT_ILLEGAL",
    }
)
# They have seen this very request before, or do not know themselves: the first may have left.
DOUBTFUL = frozenset({"SignatureNonceUsed", "isp.UNKNOWN"})
OURS = (  # a setting or the account has to be put right; until then it waits
    "Signature",
    "InvalidAccessKey",
    "InvalidTimeStamp",
    "IncompleteSignature",
    "Forbidden",
    "isp.RAM_",
    "isv.SMS_",
    "isv.SIGN_",
    "isv.TEMPLATE_",
    "isv.ACCOUNT_",
    "isv.PRODUCT_",
    "isv.OUT_OF_SERVICE",
    "isv.AMOUNT_NOT_ENOUGH",
    "isv.PARAM_",
    "isv.INVALID_",
    "isv.DENY_IP_RANGE",
)


class AliyunSms(CloudSms):
    """Sends one message by template; the answer's BizId is what its receipts name."""

    service_name = "Aliyun SMS"
    service_url = "https://help.aliyun.com/zh/sms/"
    protocol = "aliyunsms"
    host_of_vendor = "dysmsapi.aliyuncs.com"
    templates = ("{schema}://{user}:{password}@{host}/{targets}",)

    def hand_over(self, body: str) -> Delivery:
        """One SendSms. OutId carries our own name for the message, and comes back in its receipt."""
        filled = self.filled(body, self.template)
        query = {
            "PhoneNumbers": self.target,
            "SignName": self.place,
            "TemplateCode": filled.code,
            "TemplateParam": json.dumps(dict(filled.values), ensure_ascii=False, separators=(",", ":")),
        }
        if self.reference:
            query["OutId"] = self.reference
        answer = self.post(f"{self.base}?{canonical_query(query)}", self._headers(query), b"")
        return answer if isinstance(answer, Delivery) else _verdict(*answer)

    def _headers(self, query: dict[str, str]) -> dict[str, str]:
        signed = {
            "host": self.endpoint,
            "x-acs-action": "SendSms",
            "x-acs-version": "2017-05-25",
            "x-acs-date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": uuid4().hex,
            "x-acs-content-sha256": sha256(b""),
        }
        return {**signed, "Authorization": aliyun_v3(self.key_id, self.secret, signed, query)}


def _verdict(status: int, answer: dict[str, Any]) -> Delivery:
    code = str(answer.get("Code", ""))
    if status == 200 and code == "OK":
        return Delivery(NoticeState.HANDED_OVER, reference=str(answer.get("BizId", ""))[:100])
    if code in DOUBTFUL or status in (502, 504) or not code:
        return unknown(f"阿里云答复 {shown(code or str(status))}，不能确定是否已经发出")
    if code in NEVER:
        return never(f"阿里云拒绝：{shown(code)}")
    if code.startswith(OURS):
        return not_now(f"阿里云答复 {shown(code)}，请检查短信的设置、模板和账户")
    return not_now(f"阿里云答复 {shown(code)}")
