"""A small but real OpenID provider on loopback: discovery, keys, authorisation with PKCE, signed tokens."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwk, jwt

CLIENT, SECRET = "yijianshi", "a-secret-of-the-test"


@dataclass
class Provider:
    """Who signs in there is `subject`; `spoil` changes the claims before they are signed."""

    issuer: str = ""
    subject: str = "sub-of-linxiao"
    algorithm: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)  # put over the right ones
    leave_out: tuple[str, ...] = ()
    foreign_key: bool = False  # signs with a key that it does not publish
    unsigned: bool = False
    granted: dict[str, dict[str, str]] = field(default_factory=dict)  # code -> what was asked
    keys: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.new_keys("1")

    def new_keys(self, serial: str) -> None:
        """Other keys from now on."""
        self.keys = {
            "RS256": jwk.RSAKey.generate_key(2048, {"kid": f"rsa-{serial}"}, private=True),
            "ES256": jwk.ECKey.generate_key("P-256", {"kid": f"ec-{serial}"}, private=True),
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """The person says yes; the code lives once."""
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.granted[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """None when the code, the client or the verifier is wrong."""
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.granted.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or authorization != f"Basic {known}" or challenge != asked["code_challenge"]:
            return None
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        return {"access_token": "x", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])}

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
        }
        claims = {name: value for name, value in (claims | self.claims).items() if name not in self.leave_out}
        if self.unsigned:
            parts = ({"alg": "none", "typ": "JWT"}, claims)
            written = (
                base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts
            )
            return ".".join((*written, ""))
        key = self.keys[self.algorithm]
        kid = key.kid
        if self.foreign_key:
            key = jwk.RSAKey.generate_key(2048, {"kid": kid}, private=True)
        return jwt.encode({"alg": self.algorithm, "kid": kid}, claims, key, algorithms=[self.algorithm])

    def published(self, path: str) -> dict[str, Any] | None:
        """Discovery, and the public halves of the keys."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if path == "/keys":
            return {"keys": [key.as_dict(private=False) for key in self.keys.values()]}
        return None


@contextmanager
def running_provider() -> Generator[Provider]:
    """On a free port, until the block is left."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(address.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked))
                self.end_headers()
            else:
                self._answer(provider.published(address.path), 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(provider.token(form, self.headers.get("Authorization", "")), 400)

        def _answer(self, found: dict[str, Any] | None, otherwise: int) -> None:
            self.send_response(200 if found is not None else otherwise)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found if found is not None else {"error": "invalid_grant"}).encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
