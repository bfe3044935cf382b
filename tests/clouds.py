"""Aliyun's and Tencent Cloud's SMS interfaces on loopback, verifying every signature from the raw request.

Written from the vendors' published rules, without a line of ours: the order of the steps, the escaping, the keys.
"""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import unquote

ACCESS_KEY, SECRET = "LTAI5tEXAMPLE", "example+secret/of=aliyun"
SECRET_ID, SECRET_KEY = "AKIDexample", "example/key+of=tencent"
SKEW = {"aliyun": timedelta(minutes=15), "tencent": timedelta(minutes=5)}


class Request(NamedTuple):
    """As it came over the wire."""

    path: str
    headers: dict[str, str]  # names in small letters
    body: bytes


class Problem(Exception):
    """What the vendor answers instead: an HTTP status and a code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass
class Cloud:
    """`code` is what it answers to a well-signed message; None: it takes it, and never says so."""

    vendor: str
    port: int = 0
    code: str | None = "OK"
    ahead: timedelta = timedelta()  # how far its clock is from ours
    raw: tuple[int, bytes] | None = None  # an answer that is none of the vendor's
    requests: list[Request] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)  # those it took
    nonces: set[str] = field(default_factory=set)
    closing: threading.Event = field(default_factory=threading.Event)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        self.requests.append(request)
        take = self._aliyun if self.vendor == "aliyun" else self._tencent
        try:
            return take(request)
        except Problem as problem:
            if self.vendor == "aliyun":
                return problem.status, {"Code": problem.code, "Message": "-", "RequestId": "R"}
            return problem.status, {"Response": {"Error": {"Code": problem.code}, "RequestId": "R"}}

    def _aliyun(self, request: Request) -> tuple[int, dict[str, Any]]:
        asked = self._verified_by_acs3(request)
        self.messages += [asked] if self.code in ("OK", None) else []
        answer = {"Code": self.code, "Message": "-", "RequestId": "R"}
        if self.code == "OK":
            answer["BizId"] = f"9006195{len(self.messages):06d}^0"
        return 200, answer

    def _tencent(self, request: Request) -> tuple[int, dict[str, Any]]:
        asked = self._verified_by_tc3(request)
        self.messages += [asked] if self.code in ("OK", None) else []
        status = {"PhoneNumber": asked["PhoneNumberSet"][0], "Code": self.code, "SerialNo": ""}
        if self.code == "OK":
            status |= {"Code": "Ok", "SerialNo": f"2019:{len(self.messages):06d}"}
        return 200, {"Response": {"SendStatusSet": [status], "RequestId": "R"}}

    def _verified_by_acs3(self, request: Request) -> dict[str, Any]:
        """ACS3-HMAC-SHA256, as help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature has it."""
        head = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})",
            request.headers.get("authorization", ""),
        )
        if not head:
            raise Problem(400, "IncompleteSignature")
        key_id, names, signature = head.groups()
        if key_id != ACCESS_KEY:
            raise Problem(404, "InvalidAccessKeyId.NotFound")
        signed = names.split(";")
        must = {"host"} | {name for name in request.headers if name.startswith("x-acs-")}
        if set(signed) != must or signed != sorted(signed):
            raise Problem(400, "SignatureDoesNotMatch")
        _, _, query = request.path.partition("?")
        lines = [f"{name}:{request.headers[name].strip()}" for name in signed]
        hashed = hashlib.sha256(request.body).hexdigest()
        canonical = "\n".join(["POST", "/", _sorted_query(query), *lines, "", names, hashed])
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        right = hmac.compare_digest(_mac(SECRET.encode(), to_sign).hex(), signature)
        if not right or request.headers["x-acs-content-sha256"] != hashed:
            raise Problem(400, "SignatureDoesNotMatch")
        self._let_in_once(request)
        return {unquote(name): unquote(value) for name, _, value in map(_pair, query.split("&"))}

    def _let_in_once(self, request: Request) -> None:
        when = datetime.strptime(request.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs(self.now() - when) > SKEW["aliyun"]:
            raise Problem(400, "InvalidTimeStamp.Expired")
        if (nonce := request.headers["x-acs-signature-nonce"]) in self.nonces:
            raise Problem(400, "SignatureNonceUsed")
        self.nonces.add(nonce)
        if (request.headers["x-acs-action"], request.headers["x-acs-version"]) != ("SendSms", "2017-05-25"):
            raise Problem(404, "InvalidAction.NotFound")

    def _verified_by_tc3(self, request: Request) -> dict[str, Any]:
        """TC3-HMAC-SHA256, as cloud.tencent.com/document/api/382/52072 has it."""
        head = re.fullmatch(
            r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/sms/tc3_request, "
            r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
            request.headers.get("authorization", ""),
        )
        if not head:
            raise Problem(200, "AuthFailure.InvalidAuthorization")
        key_id, day, names, signature = head.groups()
        if key_id != SECRET_ID:
            raise Problem(200, "AuthFailure.SecretIdNotFound")
        if not {"content-type", "host"} <= set(names.split(";")):
            raise Problem(200, "AuthFailure.SignatureFailure")
        canonical = "POST\n/\n\n"
        for name in names.split(";"):  # both name and value in small letters
            canonical += f"{name}:{request.headers[name].strip().lower()}\n"
        canonical += f"\n{names}\n{hashlib.sha256(request.body).hexdigest()}"
        stamp = request.headers["x-tc-timestamp"]
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"TC3-HMAC-SHA256\n{stamp}\n{day}/sms/tc3_request\n{hashed}"
        key = _mac(_mac(_mac(f"TC3{SECRET_KEY}".encode(), day), "sms"), "tc3_request")
        if not hmac.compare_digest(_mac(key, to_sign).hex(), signature):
            raise Problem(200, "AuthFailure.SignatureFailure")
        when = datetime.fromtimestamp(int(stamp), UTC)
        if abs(self.now() - when) > SKEW["tencent"] or when.date().isoformat() != day:
            raise Problem(200, "AuthFailure.SignatureExpire")
        if (request.headers["x-tc-action"], request.headers["x-tc-version"]) != ("SendSms", "2021-01-11"):
            raise Problem(200, "InvalidAction")
        asked = json.loads(request.body)
        assert isinstance(asked, dict)
        return asked


@contextmanager
def cloud(vendor: str, **given: Any) -> Generator[Cloud]:
    """A running interface of the vendor on a free port of this machine."""
    serving = Cloud(vendor, **given)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = serving.answer(Request(self.path, headers, body))
            if serving.code is None and status == 200:
                serving.closing.wait(60)
                return
            content = json.dumps(answer).encode()
            if serving.raw is not None:
                status, content = serving.raw
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    serving.port = server.server_address[1]
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    running.start()
    try:
        yield serving
    finally:
        serving.closing.set()
        server.shutdown()
        server.server_close()
        running.join()


def _sorted_query(query: str) -> str:
    """As it stands on the wire, by name; whatever is escaped otherwise than the rules say gives another signature."""
    pairs = sorted(query.split("&"), key=lambda pair: pair.partition("=")[0])
    assert re.fullmatch(r"(?:[A-Za-z0-9\-_.~&=]|%[0-9A-F]{2})*", query), "escaped as RFC 3986 has it"
    return "&".join(pairs)


def _pair(pair: str) -> tuple[str, str, str]:
    return pair.partition("=")


def _mac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()
