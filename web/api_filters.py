"""Which cases does a program ask for? Unlike a page, it is told when a filter means nothing."""

from dataclasses import asdict, dataclass

from sqlmodel import Session

from models.account import Account, departments_by_code
from models.worklists import Wanted
from rules.errors import Faulty, NotYourDesk
from rules.states import CaseState
from web.asking import archived_asked, bundle_names, page_number, state_asked
from web.case_page import SEES_ALL

YES_NO = ("yes", "no")


@dataclass
class Filters:
    """What may stand in the address; empty means all."""

    state: str = ""
    bundle: str = ""
    department: str = ""
    overdue: str = ""
    archived: str = ""
    q: str = ""
    page: str = ""


def wanted_by(session: Session, by: Account, filters: Filters) -> Wanted:
    """What is asked for, within the rights of the account: a department sees the cases with an item of its own."""
    known: dict[str, tuple[str, ...]] = {
        "state": tuple(state.value for state in CaseState),
        "bundle": tuple(bundle_names()),
        "department": tuple(departments_by_code(session)),
        "overdue": YES_NO,
        "archived": YES_NO,
    }
    asked: dict[str, str] = {name: value for name, value in asdict(filters).items() if value}
    faults = {
        name: f"{name} 应为 {'、'.join(words)} 之一。"
        for name, words in known.items()
        if name in asked and asked[name] not in words
    }
    page = asked.get("page", "1")
    if page_number(page) < 1 or str(page_number(page)) != page:
        faults["page"] = "page 应为从 1 起的页码。"
    if faults:
        raise Faulty(faults)
    return Wanted(
        search=asked.get("q", "").replace("\x00", "").strip()[:100],
        state=state_asked(asked.get("state", "")),
        bundle=asked.get("bundle", ""),
        department=_department(by, asked.get("department", "")),
        overdue=asked.get("overdue") == "yes",
        archived=archived_asked(asked.get("archived", "")),
        page=page_number(page),
    )


def _department(by: Account, asked: str) -> str:
    if by.role in SEES_ALL:
        return asked
    if not by.department_code or asked not in ("", by.department_code):
        raise NotYourDesk("部门账号只能列出有本部门事项的办件。")
    return by.department_code
