"""By which way is a person told first, which is tried next, and when is it time to call?"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from rules.identifiers import as_usual
from rules.notices import STATUTORY, Channel, Event, NoticeState
from rules.people import ToldBy
from rules.states import CaseState

Way = tuple[Channel, str]  # and the address there

USEFUL_FOR = timedelta(days=7)  # source: assumption; a reminder that comes later misleads
RECEIPT_WITHIN = timedelta(days=3)  # as GOV.UK Notify waits for one
MATCHED_WITHIN = timedelta(days=7)  # a receipt that has found no notice by then never will
WORTH_A_CALL = STATUTORY | {Event.SUPPLEMENT_ASKED, Event.CONCLUDED, Event.READY}
ENDED = frozenset({CaseState.NOT_ACCEPTED, CaseState.WITHDRAWN, CaseState.VOID})
# What is still told of a case that has ended without a conclusion: how it ended and why, what is to be collected,
# and the receipt with the code that opens its page. What the law wants in writing always is.
AFTER_THE_END = frozenset(
    {
        Event.RECEIPT,
        Event.CONCLUDED,
        Event.READY,
        Event.SHIPPED,
        Event.RETURNED,
        Event.WITHDRAWN,
        Event.VOIDED,
        Event.SUPPLEMENT_LAPSED,
        Event.DEFERRAL_LAPSED,
        Event.REOPENED,
    }
)
# It has arrived, or still may.
STILL_HOPED_FOR = frozenset(NoticeState) - {
    NoticeState.REJECTED,
    NoticeState.EXPIRED,
    NoticeState.WITHHELD,
}
PREFERRED: Mapping[ToldBy, tuple[Channel, ...]] = {
    ToldBy.BOTH: (Channel.SMS, Channel.EMAIL),
    ToldBy.SMS: (Channel.SMS,),
    ToldBy.EMAIL: (Channel.EMAIL,),
}


def first_ways(told_by: ToldBy, addresses: Mapping[Channel, str], *, statutory: bool) -> list[Way]:
    """Every way for what the law wants told; else the one preferred, or another where there is no address for it."""
    ways = [(channel, address) for channel, address in addresses.items() if address]
    preferred = [way for way in ways if way[0] in PREFERRED[told_by]]
    return ways if statutory or not preferred else preferred


def next_way(told_by: ToldBy, addresses: Mapping[Channel, str], used: Collection[Way]) -> Way | None:
    """What has not been tried yet, the preferred first: also a number or address that was put right since."""
    ways = [(channel, address) for channel, address in addresses.items() if address]
    ways.sort(key=lambda way: way[0] not in PREFERRED[told_by])
    tried = {(channel, as_usual(address)) for channel, address in used}
    return next((way for way in ways if (way[0], as_usual(way[1])) not in tried), None)


def worth_a_call(event: Event, *, statutory: bool) -> bool:
    """Must somebody make sure that the applicant knows of it?"""
    return statutory or event in WORTH_A_CALL


def still_told(event: Event, *, statutory: bool, state: CaseState) -> bool:
    """Is it told of a case in this state?"""
    return statutory or state not in ENDED or event in AFTER_THE_END


def useful_until(event: Event, *, statutory: bool, leaves_at: datetime) -> datetime | None:
    """After this moment what could leave first at that one is not sent any more; None: it does not grow stale."""
    return None if worth_a_call(event, statutory=statutory) else leaves_at + USEFUL_FOR
