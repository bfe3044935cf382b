"""What becomes of a message that does not get through, or that nobody needs any more? Another way, a call, or its end.

Each step does once what is due and can be done again at any time; the sweep (flows/sweep_notices.py) does them all.
"""

import logging
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from config.settings import settings
from models.case import Case, lock_case
from models.database import transaction
from models.notice import Notice, addresses_of, find_notice, queue_elsewhere, told_alike
from models.telling import ask_to_call, open_call_about
from models.upkeep import expire_stale, expire_without_receipt, to_follow_up, withhold_after_the_end
from notifications.plugins.smpp import SmppSms
from rules.ladder import STILL_HOPED_FOR, next_way, still_told, worth_a_call
from rules.notices import LOCAL_INBOX, NoticeState

OVER = frozenset({NoticeState.REJECTED, NoticeState.EXPIRED})
# A message centre's receipts come by SMPP, where nobody listens yet.
WITHOUT_RECEIPTS = frozenset({LOCAL_INBOX, SmppSms.protocol})
logger = logging.getLogger(__name__)


def climb(notice_id: UUID, *, at: datetime) -> None:
    """Whoever a message did not reach is told on the next way; where there is none, the counter calls."""
    with transaction() as session:
        case = lock_case(session, find_notice(session, notice_id).case_number)
        alike = told_alike(session, find_notice(session, notice_id))
        failed = next(notice for notice in alike if notice.id == notice_id)
        if failed.state not in OVER or failed.followed_up_at is not None:
            return
        failed.followed_up_at = at
        if not any(notice.state in STILL_HOPED_FOR for notice in alike):
            _seek_another_way(session, case, failed, alike, at)


def climb_all(*, at: datetime) -> int:
    """Every message that has failed, and nobody has thought of another way; how many."""
    with transaction() as session:
        failed = to_follow_up(session)
    for notice_id in failed:
        try:
            climb(notice_id, at=at)
        except Exception:  # one case must not hold up the others; the next sweep meets it again
            logger.exception("notice %s could not be followed up", notice_id)
    return len(failed)


def retire(*, at: datetime) -> int:
    """What is too old to be worth sending, has had no receipt for too long, or belongs to a closed case; how many."""
    with transaction() as session:
        retired = withhold_after_the_end(session) + expire_stale(session, at=at)
        if settings().sms_receipts:
            retired += expire_without_receipt(session, at=at, besides=WITHOUT_RECEIPTS)
    return retired


def _seek_another_way(
    session: Session, case: Case, failed: Notice, alike: list[Notice], at: datetime
) -> None:
    if not still_told(failed.event, statutory=failed.statutory, state=case.state):
        return
    must_know = worth_a_call(failed.event, statutory=failed.statutory)
    if failed.state is NoticeState.EXPIRED and not must_know and failed.sent_at is None:
        return  # too old to be worth sending here is too old elsewhere
    used = {(notice.channel, notice.address) for notice in alike}
    if way := next_way(case.told_by, addresses_of(case), used):
        queue_elsewhere(session, case, failed, way, at=at)
    elif must_know and open_call_about(session, failed) is None:
        ask_to_call(session, failed, at=at)
