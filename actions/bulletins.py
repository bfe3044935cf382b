"""群通报: once a working day the groups of the staff read how much is open, and where to look."""

from collections import Counter
from datetime import datetime

from sqlmodel import Session

from actions.dating import hall_calendar
from config.settings import settings
from models.bulletin import Bulletin, has_bulletin, keep_bulletin
from models.card import cards
from models.enquiry import overdue_enquiries
from models.together import urged_open
from rules.lights import Light
from rules.moments import china_day

MOST_CARDS = 10_000


def compose_bulletin(session: Session, *, at: datetime) -> bool:
    """Write today's once the office is open and there is something to say; False when nothing was written."""
    day, calendar = china_day(at), hall_calendar()
    if not settings().staff_url or not calendar.is_working(day) or at < calendar.hours.opens(day):
        return False
    if has_bulletin(session, day):
        return False
    open_cards = cards(session, only_open=True, limit=MOST_CARDS)
    urged = len(list(urged_open(session)))
    late = overdue_enquiries(session, day)
    if not open_cards and not urged and not late:
        return False
    levels = Counter(card.level for card in open_cards)
    counts = "，".join(f"{light.label} {levels[light]} 张" for light in reversed(Light) if levels[light])
    unexplained = sum(not card.explanation for card in open_cards)
    said = [f"未销号的监察卡 {len(open_cards)} 张（{counts}），其中 {unexplained} 张还没有说明。"]
    said = [*(said if open_cards else []), *([f"正在督办 {urged} 件。"] if urged else [])]
    said += [f"咨询、投诉、办不成事和差评整改超期 {late} 件。"] if late else []
    said.append(f"请登录平台查看：{settings().web_url}")
    subject = f"{day} 监察日报"
    return keep_bulletin(session, Bulletin(day=day, subject=subject, body="\n".join(said), next_try_at=at))
