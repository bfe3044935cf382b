"""How does somebody want to see the desk? What the address says, and the address of every other way."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from actions.dating import hall_calendar
from models.desk import Days, DeskWanted, Order, Pressing
from rules.moments import china_day
from web.asking import page_number
from web.remaining import NEAR

TABS = {"": "全部", "mine": "我领办的", "free": "本部门待领", "others": "同事领办的"}
LONGEST = 16  # signs of a code
KEPT = "desk"  # the field and the parameter that carry the view from page to page


@dataclass(frozen=True)
class DeskView:
    """Whatever the address says that is no filter of ours is read as “all”."""

    whose: str = ""
    bundle: str = ""
    item: str = ""
    due: str = ""
    sort: str = ""
    page: int = 1

    @property
    def narrowed(self) -> bool:
        """Is anything left out?"""
        return bool(self.whose or self.bundle or self.item or self.due)

    @property
    def params(self) -> dict[str, str]:
        """What an address says of it."""
        filters = {"whose": self.whose, "bundle": self.bundle, "item": self.item, "due": self.due}
        return {name: said for name, said in (filters | {"sort": self.sort}).items() if said}

    def address(self, **changes: str) -> str:
        """The desk so, or with these filters changed."""
        asked = replace(self, **changes).asked()  # type: ignore[arg-type]
        return f"/desk?{asked}" if asked else "/desk"

    def asked(self) -> str:
        """As it stands in an address, without the page: a filter changed is a list from its beginning."""
        return urlencode(self.params)

    def wanted(self, people: Collection[str], colleagues: Collection[str] = ()) -> DeskWanted:
        """What is asked of the record; `people` are the person and those they stand in for."""
        claimed: dict[str, tuple[str, ...]] = {
            "mine": tuple(people),
            "free": ("",),
            "others": tuple(one for one in colleagues if one and one not in people),
        }
        return DeskWanted(
            claimed.get(self.whose),
            self.bundle,
            self.item,
            Pressing(self.due) if self.due else None,
            Order(self.sort),
            self.page,
        )


def view_of(params: Mapping[str, str]) -> DeskView:
    """The view that the parameters of an address, or the fields of a form, ask for."""
    whose, due, sort = params.get("whose", ""), params.get("due", ""), params.get("sort", "")
    return DeskView(
        whose if whose in TABS else "",
        _code(params.get("bundle", "")),
        _code(params.get("item", "")),
        due if due in set(Pressing) else "",
        sort if sort in set(Order) else "",
        page_number(params.get("page", "")),
    )


def view_kept(carried: str) -> DeskView:
    """The view that a page carried along in one word."""
    return view_of(dict(parse_qsl(carried[:300])))


def with_view(path: str, carried: str) -> str:
    """The page, carrying the view on where there is one."""
    asked = view_kept(carried).asked()
    if not asked:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode({KEPT: asked})}"


def days_of(at: datetime) -> Days:
    """Today in the hall, and the last day that is called near."""
    today = china_day(at)
    return Days(today, hall_calendar().working_day(NEAR + 1, today) - timedelta(days=1))


def _code(given: str) -> str:
    return given if given.isascii() and given.isprintable() and len(given) <= LONGEST else ""
