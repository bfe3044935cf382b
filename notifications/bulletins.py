"""Who sends the bulletin to the groups of the staff? Claim, send, record, as with digests; three tries."""

from datetime import datetime, timedelta

from models.bulletin import claim_bulletin, lock_bulletin
from models.database import transaction
from notifications.channels import tell_staff

LEASE = timedelta(minutes=5)
TRIES = 3  # tomorrow there is another one


def send_bulletins(*, at: datetime) -> int:
    """Send what is due to every group, and say how many bulletins were tried.

    A group that has it does not get it again because another one could not be reached.
    """
    tried = 0
    while True:
        with transaction() as session:
            bulletin = claim_bulletin(session, at=at, lease=LEASE)
        if bulletin is None:
            return tried
        delivery = tell_staff(bulletin.subject, bulletin.body)
        with transaction() as session:
            sent = lock_bulletin(session, bulletin.day)
            sent.error = delivery.why[:500]
            if delivery.taken:
                sent.sent_at = at
            if delivery.taken or sent.attempts >= TRIES or not delivery.again:
                sent.next_try_at = None
        tried += 1
