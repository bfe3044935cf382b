"""What do our gateway plugins share? They keep what was answered, and know more of a message than its text."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from apprise import NotifyBase
from apprise.utils.parse import parse_bool as _parse_bool

from notifications.templating import Filled, approved
from notifications.verdict import Delivery, not_now
from notifications.wording import Words
from rules.errors import Refused

SIGNED = re.compile(r"^【[^】]*】")  # our signature: these carriers put their approved one there

_Apprise: Any = NotifyBase  # it says nothing of its types
parse_bool: Any = _parse_bool


class Carrier(_Apprise):  # type: ignore[misc]
    """A gateway of ours for short messages: one recipient, and the carrier's answer in `delivery`."""

    title_maxlen = 0
    request_rate_per_sec = 0  # the pace is set outside, for all attempts together
    template_tokens: ClassVar[dict[str, Any]] = dict(
        _Apprise.template_tokens,
        target_phone={"name": "Target Phone No", "type": "string", "map_to": "targets"},
        targets={"name": "Targets", "type": "list:string", "required": True},
    )

    # Given by channels.deliver; without them the plugin sends the bare text.
    words: Words | None = None
    carrier_templates: Mapping[str, str] = {}
    reference = ""  # our name for the message
    delivery: Delivery | None = None

    def __init__(self, targets: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if len(targets) != 1:
            raise TypeError("one recipient is needed")
        self.target = targets[0]

    def send(self, body: str, **_: Any) -> bool:
        """Apprise's door: True when it was taken; `delivery` tells more."""
        try:
            self.delivery = self.hand_over(body)
        except Refused as fault:  # the setting has to be put right; nothing has left
            self.delivery = not_now(str(fault))
        return self.delivery.taken

    def hand_over(self, body: str) -> Delivery:
        """Send it, and say how that went."""
        raise NotImplementedError

    def url(self, *_: Any, **__: Any) -> str:
        """Never the secret, whoever asks."""
        return f"{self.protocol}://****"

    def filled(self, body: str, general: str) -> Filled:
        """The approved template that says this message, with its values; `general` for what has none."""
        return approved(self.carrier_templates, self.words, SIGNED.sub("", body), general)


def need(value: str | None, name: str) -> str:
    """A part of the address that must not be empty. TypeError is how Apprise's plugins refuse theirs."""
    if not value:
        raise TypeError(f"{name} is needed")
    return value


def yes(value: str) -> bool:
    """An option of the address that is on or off."""
    return bool(parse_bool(value))
