"""办理: the one bar with everything that is open to this person on a case now; the common acts in place."""

from dataclasses import dataclass

from sqlmodel import Session

from actions.acting import Scene
from actions.doing import DOINGS, Possible
from actions.permitting import posts_held
from actions.stock_opinions import FIELD, templates_of
from models.account import Account, colleagues
from models.case import Case, Item
from models.opinion_template import OpinionTemplate
from rules.duties import may
from rules.people import Role
from web.entering import now

# The acts with a place of their own.
ON_THE_SUPPLEMENT = frozenset({"list-gap", "drop-gap", "ask-supplement", "answer-gap", "accept-deferring"})
ON_THE_CASE = ON_THE_SUPPLEMENT | frozenset({"accept", "decline", "grant", "refuse", "supply"})
# A department's daily work: their forms stand on the case page too.
IN_PLACE = ("give-opinion", "pass-on", "send-back", "end-special", "start-special", "transfer")
AT_ONCE = frozenset({"claim", "release"})

Choices = dict[str, list[tuple[str, str]]]  # field name -> what may be chosen


@dataclass(frozen=True)
class InPlace:
    """An act whose form stands in the bar."""

    act: Possible
    key: str  # by which its fields are called, here and on the page of all acts
    choices: Choices
    about: str


@dataclass(frozen=True)
class Deciding:
    """准予 and 不予 of an item, and why one of them must still wait; '' where nothing holds it."""

    item: Item
    grant_held: str
    refuse_held: str

    @property
    def waits(self) -> bool:
        """Can it not be decided at all yet?"""
        return bool(self.refuse_held)


@dataclass(frozen=True)
class Bar:
    """What the bar offers."""

    deciding: tuple[Deciding, ...]  # grant and refuse
    at_once: tuple[Possible, ...]  # one button each
    in_place: tuple[InPlace, ...]
    more: tuple[tuple[Possible, str], ...]  # behind 更多办理, with their keys
    templates: tuple[OpinionTemplate, ...]
    stock_field: dict[str, str]  # act -> the field that a chosen template fills

    @property
    def empty(self) -> bool:
        return not (self.deciding or self.at_once or self.in_place or self.more)


def bar_of(db: Session, viewer: Account, case: Case, found: list[Possible]) -> Bar:
    """The bar for these possible acts."""
    rest = [one for one in found if one.doing.name not in ON_THE_CASE and not one.held]
    held = {(one.doing.name, one.item.code): one.held for one in found if one.item}
    here = sorted(
        (one for one in rest if one.doing.name in IN_PLACE), key=lambda one: IN_PLACE.index(one.doing.name)
    )
    return Bar(
        tuple(
            Deciding(one.item, one.held, held.get(("refuse", one.item.code), ""))
            for one in found
            if one.item and one.doing.name == "grant"
        ),
        tuple(one for one in rest if one.doing.name in AT_ONCE and _plain(one)),
        tuple(
            InPlace(one, key_of(one), choices_of(db, viewer, case, one), about_of(db, viewer, case, one))
            for one in here
        ),
        tuple((one, key_of(one)) for one in rest if one.doing.name not in IN_PLACE),
        tuple(templates_of(db, viewer)),
        dict(FIELD),
    )


def left_to_the_head(db: Session, viewer: Account, items: list[Item], case: Case) -> str:
    """Which further acts on the own department's items the head can take, and who that is: whom an officer asks."""
    own = [item for item in items if item.department_code == viewer.department_code]
    if viewer.role is not Role.OFFICER or not own or case.archived_at:
        return ""
    at = now()
    posts = tuple(posts_held(db, viewer, case.district, at=at))
    heads = [
        one for one in colleagues(db, viewer.department_code or "", case.district) if one.role is Role.HEAD
    ]
    if not heads or any(post.role is Role.HEAD for post in posts):  # who stands in for the head has them all
        return ""
    words = {
        doing.act.label: None
        for doing in DOINGS.values()
        if doing.on_item and may(doing.act, Role.HEAD) and not may(doing.act, Role.OFFICER)
        for item in own
        if doing.is_open(Scene(db, case, item, heads[0], at))
    }
    if not words:
        return ""
    return f"{'、'.join(words)}由负责人 {'、'.join(one.name for one in heads)} 办理，需要时请找负责人。"


def key_of(one: Possible) -> str:
    """How the act is called in addresses and faults."""
    return f"{one.doing.name}.{one.item.code if one.item else ''}"


def choices_of(db: Session, viewer: Account, case: Case, one: Possible) -> Choices:
    """What the fields of its form offer."""
    scene = Scene(db, case, one.item, viewer, now(), tuple(posts_held(db, viewer, case.district, at=now())))
    return {field.name: field.choices(scene) for field in one.doing.fields if field.choices}


def beforehand_of(db: Session, viewer: Account, case: Case, one: Possible) -> dict[str, object]:
    """What its fields hold when the page is opened, by their keys."""
    scene, key = Scene(db, case, one.item, viewer, now()), key_of(one)
    return {f"{key}.{field.name}": field.beforehand(scene) for field in one.doing.fields if field.beforehand}


def present_of(db: Session, viewer: Account, case: Case, one: Possible) -> dict[str, str]:
    """What the record says now of its fields, to stand beside them, by their keys."""
    scene, key = Scene(db, case, one.item, viewer, now()), key_of(one)
    return {f"{key}.{field.name}": field.present(scene) for field in one.doing.fields if field.present}


def about_of(db: Session, viewer: Account, case: Case, one: Possible) -> str:
    """What this person must know before they take it; '' where the form says it all."""
    return one.doing.about(Scene(db, case, one.item, viewer, now())) if one.doing.about else ""


def _plain(one: Possible) -> bool:
    """A claimed item is only given to somebody else: that needs its form."""
    return one.doing.name != "claim" or (one.item is not None and not one.item.assignee)
