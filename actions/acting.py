"""What is an act that a person takes? Its name, its fields, to whom it is open: one description for every edge.

Each module of acts describes its own in `DOINGS`; actions.doing gathers them for pages, command line and REST.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlmodel import Session

from models.account import Account
from models.case import Case, Item
from models.clock import ClockRow
from rules.answering import UNSTORABLE
from rules.duties import IN_PERSON, may
from rules.errors import Faulty
from rules.moments import CHINA, china_day
from rules.people import Role
from rules.states import CASE_TRANSITIONS, ITEM_TRANSITIONS, Act


class Form(Enum):
    """How a page asks for a field."""

    LINE = "line"
    TEXT = "text"  # several lines
    NUMBER = "number"
    DATE = "date"  # 2026-11-21
    MOMENT = "moment"  # 2026-11-21T09:30, Asia/Shanghai
    CHOICE = "choice"  # one of `choices`
    SEVERAL = "several"  # some of `choices`


@dataclass(frozen=True)
class Scene:
    """Who stands before which case, and which item of it."""

    session: Session
    case: Case
    item: Item | None
    by: Account
    at: datetime | None = None
    posts: tuple[Account, ...] = ()  # whose stand-in this person is now (委托代办)

    @property
    def roles(self) -> frozenset[Role]:
        """The person's own, and those of the posts in which they stand in."""
        return frozenset({self.by.role, *(post.role for post in self.posts)})


Choices = Callable[[Scene], list[tuple[str, str]]]  # (value, what people read)
Beforehand = Callable[[Scene], str | list[str]]


@dataclass(frozen=True)
class Field:
    """One thing an act must or may be told."""

    name: str
    label: str
    form: Form = Form.LINE
    required: bool = True
    hint: str = ""
    choices: Choices | None = None
    beforehand: Beforehand | None = None  # what a page has filled in or ticked when it is opened
    present: Callable[[Scene], str] | None = (
        None  # what the record says now, as far as a page shows it beside
    )
    none_ticked: str = ""  # what a page says where nothing is ticked; a program that names nothing means all


@dataclass(frozen=True)
class Asked:
    """What somebody asks to be done."""

    session: Session
    number: str
    item: str
    data: Mapping[str, Any]
    by: Account
    at: datetime


@dataclass(frozen=True)
class Said:
    """What an act has to say to whoever took it, or would take it."""

    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Doing:
    """An act people take: on a case or on one of its items, with these fields.

    `open_to` says whether it is open in this scene beyond what the duties and the table of states say; without
    it the table decides. It only leaves buttons out: the act itself refuses what may not be. `held` says, in
    the words in which the act would refuse, what a page shows in place of the button.
    """

    name: str
    act: Act
    on_item: bool
    fields: tuple[Field, ...]
    run: Callable[[Asked], object]
    open_to: Callable[[Scene], bool] | None = None
    for_others: bool = False  # also other departments than the item's; `open_to` says which
    confirm: bool = False  # a page shows what it would lead to before it is taken
    held: Callable[[Scene], str] | None = None  # why it must wait although it is theirs; '': nothing holds it
    about: Callable[[Scene], str] | None = None  # what whoever takes it must know first, above its form

    def is_open(self, scene: Scene) -> bool:
        """May this person take it now?"""
        of_department = scene.item.department_code if scene.item and not self.for_others else None
        own = scene.by.department_code
        if not any(
            may(self.act, role, own_department=own, of_department=of_department)
            for role in ({scene.by.role} if self.act in IN_PERSON else scene.roles)
        ):
            return False
        if self.open_to:
            return self.open_to(scene)
        if scene.item:
            return (scene.item.state, self.act) in ITEM_TRANSITIONS
        return (scene.case.state, self.act) in CASE_TRANSITIONS


# What a rung of a clock sets going by rule. The case is locked; the item is None for a clock of the case.
RungRule = Callable[[Session, Case, Item | None, ClockRow, datetime], None]

REASON = Field("reason", "理由", Form.TEXT)
YES_NO = [("yes", "是"), ("no", "否")]


def text(asked: Asked, field: str) -> str:
    """What was typed, '' if nothing was; control characters are refused."""
    typed = str(asked.data.get(field) or "")
    if UNSTORABLE.search(typed):
        raise Faulty({field: f"“{field}”里有控制字符，请删去。"})
    return typed.strip()


def worded(words: str, field: str, why: str, limit: int = 2000, called: str = "") -> str:
    """What must be said in this field, trimmed; Faulty when it is missing, cannot be kept or is too long.

    `called`: the field's name, where the sentence may stand elsewhere than beside it.
    """
    words = words.strip()
    if not words:
        raise Faulty({field: why})
    if UNSTORABLE.search(words):
        raise Faulty({field: "文字里有控制字符，请删去。"})
    if len(words) > limit:
        raise Faulty({field: f"{called}请不超过 {limit} 字。"})
    return words


def number(asked: Asked, field: str, why: str) -> int:
    """A whole number, from a form or from JSON; otherwise Faulty with this sentence."""
    given = asked.data.get(field)
    if isinstance(given, str) and re.fullmatch(r"[0-9]{1,9}", given.strip()):
        return int(given)
    if type(given) is int:
        return given
    raise Faulty({field: why})


def day(asked: Asked, field: str) -> date | None:
    """A calendar day, or None where none was given."""
    given = text(asked, field)
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise Faulty({field: f"日期应写成 {china_day(asked.at)} 这样。"}) from None


def moment(asked: Asked, field: str) -> datetime | None:
    """A point in time, in Asia/Shanghai unless it says otherwise; None where none was given."""
    given = text(asked, field)
    try:
        at = datetime.fromisoformat(given) if given else None
    except ValueError:
        raise Faulty({field: f"时间应写成 {china_day(asked.at)}T09:30 这样。"}) from None
    return at.replace(tzinfo=CHINA) if at and at.tzinfo is None else at


def yes_or_no(asked: Asked, field: str, why: str) -> bool:
    """true, false, yes or no; otherwise Faulty with this sentence."""
    given = asked.data.get(field)
    if given is True or given == "yes":
        return True
    if given is False or given == "no":
        return False
    raise Faulty({field: why})


def several(asked: Asked, field: str) -> tuple[str, ...]:
    """Some of the choices: a list in JSON, or words with commas between them."""
    given = asked.data.get(field) or ()
    words = re.split(r"[,，、\s]+", given) if isinstance(given, str) else given
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise Faulty({field: f"“{field}”应是一个列表。"})
    return tuple(dict.fromkeys(word for word in words if word))
