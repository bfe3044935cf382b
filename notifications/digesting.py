"""Who sends the daily digests of supervision? Claim, send, record, as with notices; three tries."""

import math
import time
from datetime import datetime, timedelta
from html import escape

from models.database import transaction
from models.digest import claim_digest, lock_digest
from notifications.channels import deliver
from notifications.providers import resting
from notifications.wording import Words
from rules.notices import Channel, NoticeState

LEASE = timedelta(minutes=5)
TRIES = 3  # tomorrow there is another one


def send_digests(*, at: datetime, until: float = math.inf) -> int:
    """Send what is due through the mail gateway until then (monotonic seconds), and say how many were tried."""
    tried = 0
    while time.monotonic() < until and not resting(Channel.EMAIL):
        with transaction() as session:
            digest = claim_digest(session, at=at, lease=LEASE)
        if digest is None:
            break
        page = f"<pre>{escape(digest.body)}</pre>"
        delivery = deliver(Channel.EMAIL, digest.address, Words(digest.subject, digest.body, page, ""))
        with transaction() as session:
            sent = lock_digest(session, digest.day, digest.username)
            sent.error = delivery.why[:500]
            if delivery.state is NoticeState.HANDED_OVER:
                sent.sent_at, sent.next_try_at = at, None
            elif sent.attempts >= TRIES or not delivery.again:
                sent.next_try_at = None
        tried += 1
    return tried
