"""Who tells people that their question is answered? Claim, send, record, as with bulletins; the words stay at home."""

import math
import time
from datetime import datetime

from config.settings import settings
from models.database import transaction
from models.enquiry import Enquiry, EnquiryMessage, claim_message, find_enquiry, lock_message
from notifications.channels import deliver
from notifications.providers import resting
from notifications.short_message import signed
from notifications.verdict import Delivery
from notifications.wording import Words
from rules.notices import Channel, NoticeState, next_try
from rules.voices import VoiceKind

INTERRUPTED = "发送没有结果，不能确定是否已经发出，不再发送"


def send_enquiry_messages(*, at: datetime, until: float = math.inf) -> int:
    """Send what is due until then (monotonic seconds), and say how many messages were tried."""
    tried = 0
    while time.monotonic() < until and not resting(Channel.SMS):
        with transaction() as session:
            message = claim_message(session, at=at, why=INTERRUPTED)
            if message is None:
                break
            enquiry = find_enquiry(session, message.enquiry_number)
        told = deliver(Channel.SMS, message.phone, _words(message.body, enquiry), str(message.id))
        with transaction() as session:
            _record(lock_message(session, message.id), told, at)
        tried += 1
    return tried


def _words(body: str, enquiry: Enquiry) -> Words:
    """A rating put right is read, and rated again, on the page of its case; the enquiry's own does not open it."""
    number, door, home = enquiry.number, "/enquiry/track", settings().public_url
    if enquiry.kind is VoiceKind.RATING:
        number, door = enquiry.case_number, f"/track?no={enquiry.case_number}"
    link = f"{home.rstrip('/')}{door}" if home else ""
    sms = signed(body, number, link)
    return Words(subject="", text=sms, html="", sms=sms, known={"link": link})


def _record(message: EnquiryMessage, told: Delivery, at: datetime) -> None:
    """What may have left is not sent twice: the answer stands on the page anyway."""
    message.error = told.why[:500]
    again = told.again and told.state is NoticeState.FAILED
    message.next_try_at = next_try(message.attempts, at) if again else None
    if told.state is NoticeState.HANDED_OVER:
        message.sent_at = at
