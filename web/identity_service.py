"""How does the city's identity service say who somebody is? OpenID Connect: code, PKCE, a signed ID token."""

import logging
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from config.settings import settings
from rules.errors import Refused

log = logging.getLogger("yijianshi.identity")

SCOPE = "openid profile"
ALGORITHMS = ("RS256", "PS256", "ES256")  # signatures only: never "none", never a shared secret
TIMEOUT = 10  # seconds
FRESH = 600.0  # seconds for which what the service publishes is not asked for again
LEEWAY = 60  # seconds between two clocks
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class NoProof(Refused):
    """统一身份服务的答复没有通过核验，没有登录。请重新登录；仍不行请联系安全管理员。"""


class NotReachable(Refused):
    """统一身份服务暂时连接不上，请稍后再试，或用密码登录。"""


@dataclass(frozen=True)
class Published:
    """What the service says about itself, and when we asked."""

    facts: dict[str, Any]
    keys: jwk.KeySet
    at: float


_known: dict[str, Published] = {}
_lock = Lock()


def way_out(redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
    """The address where the visitor says who he is."""
    with _session(redirect_uri) as session:
        address, _ = session.create_authorization_url(
            _published().facts["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
        )
    return str(address)


def who_came_back(redirect_uri: str, code: str, nonce: str, verifier: str) -> str:
    """The identity that the service vouches for: the claim of the settings, out of an ID token that holds."""
    try:
        with _session(redirect_uri) as session:
            answer = session.fetch_token(
                _published().facts["token_endpoint"], code=code, code_verifier=verifier, timeout=TIMEOUT
            )
    except requests.RequestException as error:
        raise _not_reachable(error) from None
    except Exception as error:  # the library has a class for each way a service may refuse
        log.warning("the identity service gave no token: %s", type(error).__name__)
        raise NoProof from None
    claims = _claims_of(str(answer.get("id_token", "")), nonce)
    identity = claims.get(settings().oidc_claim)
    if not isinstance(identity, str) or not identity:
        log.warning("the ID token has no claim %s", settings().oidc_claim)
        raise NoProof
    return identity


def _claims_of(token: str, nonce: str) -> dict[str, Any]:
    """Signed by a key that the service publishes, for us, for this visit, and not run out (OIDC Core 3.1.3.7)."""
    try:
        claims = _decoded(token)
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": _published().facts["issuer"]},
            sub={"essential": True},
            aud={"essential": True, "value": settings().oidc_client_id or ""},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        registry.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        log.warning("the ID token does not hold: %s", type(error).__name__)
        raise NoProof from None
    parties = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", settings().oidc_client_id) != settings().oidc_client_id or (
        len(parties) > 1 and "azp" not in claims
    ):
        raise NoProof
    return claims


def _decoded(token: str) -> dict[str, Any]:
    """A key we do not know yet may be new: what the service publishes is asked for once more."""
    try:
        return dict(jwt.decode(token, _published().keys, algorithms=ALGORITHMS).claims)
    except (JoseError, ValueError):
        return dict(jwt.decode(token, _published(anew=True).keys, algorithms=ALGORITHMS).claims)


def _published(*, anew: bool = False) -> Published:
    """Discovery and keys, kept for a while."""
    issuer = (settings().oidc_issuer or "").rstrip("/")
    with _lock:
        known = _known.get(issuer)
        if known and not anew and time.monotonic() - known.at < FRESH:
            return known
        _known[issuer] = _asked(issuer)
        return _known[issuer]


def _asked(issuer: str) -> Published:
    facts = _json(f"{issuer}/.well-known/openid-configuration")
    if str(facts.get("issuer", "")).rstrip("/") != issuer or not all(facts.get(name) for name in NEEDED):
        log.warning("the identity service at %s publishes another issuer or no endpoints", issuer)
        raise NoProof
    secure = urlsplit(issuer).scheme
    if any(urlsplit(str(facts[name])).scheme != secure for name in NEEDED):
        raise NoProof
    try:
        keys = jwk.KeySet.import_key_set(_json(str(facts["jwks_uri"])))  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError):
        raise NoProof from None
    return Published(facts, keys, time.monotonic())


def _json(address: str) -> dict[str, Any]:
    try:
        answer = requests.get(address, timeout=TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except requests.JSONDecodeError:
        raise NoProof from None
    except requests.RequestException as error:
        raise _not_reachable(error) from None
    if not isinstance(found, dict):
        raise NoProof
    return found


def _not_reachable(error: Exception) -> NotReachable:
    log.warning("the identity service is not reachable: %s", type(error).__name__)
    return NotReachable()


def _session(redirect_uri: str) -> OAuth2Session:
    secret = settings().oidc_client_secret
    return OAuth2Session(
        settings().oidc_client_id,
        secret,
        scope=SCOPE,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
    )
