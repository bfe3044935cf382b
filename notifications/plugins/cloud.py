"""What do the gateways of cloud vendors share? One signed POST, an answer in JSON, a code that means something."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

from notifications.overhearing import Overheard
from notifications.plugins.carrier import Carrier, need, yes
from notifications.verdict import Delivery, verdict


class CloudSms(Carrier):
    """Key and secret before the @, what names the account after it, options behind the question mark."""

    host_of_vendor = ""

    def __init__(self, place: str, options: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.key_id, self.secret = need(self.user, "key"), need(self.password, "secret")
        self.place = need(place, "what stands after the @")
        self.template = options.get("template", "")
        self.endpoint = options.get("endpoint") or self.host_of_vendor
        secure = yes(options.get("secure", "yes"))
        self.base = f"{'https' if secure else 'http'}://{self.endpoint}/"

    @staticmethod
    def parse_url(url: str) -> dict[str, Any] | None:
        """The parts of the address, for __init__."""
        results: dict[str, Any] | None = Carrier.parse_url(url, verify_host=False)
        if results:
            results["place"] = Carrier.unquote(results["host"])
            results["targets"] = Carrier.split_path(results["fullpath"])
            results["options"] = results["qsd"]
        return results

    def post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, Any]] | Delivery:
        """The answer; what is to be made of it when there is none that can be read."""
        try:
            answer = requests.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=self.request_timeout,
                verify=self.verify_certificate,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return verdict(Overheard(error=error))
        try:
            said = json.loads(answer.content)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            return _of_something_else(answer.status_code)
        return answer.status_code, said


def _of_something_else(status: int) -> Delivery:
    """A gateway or a proxy on the way answered, not the vendor."""
    if status < 400:
        return verdict(Overheard(status=502))  # it may have been passed on
    return verdict(Overheard(status=429 if status < 500 else status))


def shown(code: str) -> str:
    """A code of the vendor as it may stand in the ledger: it is theirs, so it is kept short and plain."""
    return quote(code[:80], safe="._-:") or "（空）"
