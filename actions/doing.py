"""Which acts can a person take on a case? Every module's acts in one list, for pages, command line and REST."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions import (
    accepting,
    after_grant,
    applying,
    archiving,
    changing_items,
    collecting,
    correcting,
    deciding,
    desk_work,
    dropping_gaps,
    extending,
    fast_lanes,
    gathering_acts,
    handing_out,
    listing_gaps,
    opinions,
    publishing,
    rectifying,
    reopening,
    supplementing,
    suspending,
    telling,
    unanswered,
    withdrawing,
)
from actions.acting import Asked, Doing, Form, Said, Scene
from actions.meanwhile import Tried, saying_who
from actions.permitting import posts_held
from models.account import Account
from models.case import Item, find_case, items_of
from models.remembering import remembering
from rules.errors import Faulty, NotFound
from rules.states import AFTER_ARCHIVING

MODULES = (
    listing_gaps,
    dropping_gaps,
    supplementing,
    unanswered,
    accepting,
    applying,
    deciding,
    fast_lanes,
    desk_work,
    opinions,
    gathering_acts,
    rectifying,
    suspending,
    extending,
    handing_out,
    collecting,
    archiving,
    after_grant,
    correcting,
    changing_items,
    withdrawing,
    reopening,
    publishing,
    telling,
)

DOINGS: Mapping[str, Doing] = {doing.name: doing for module in MODULES for doing in module.DOINGS}


@dataclass(frozen=True)
class Possible:
    """What this person may do now."""

    doing: Doing
    item: Item | None
    held: str = ""  # why it must wait, in a sentence; '': it is open now


def do(name: str, asked: Asked) -> tuple[str, ...]:
    """Take the act, or refuse in a sentence: an unknown act, a missing or unknown field, no item.

    What it warns of comes back; most acts have nothing to warn of.
    """
    doing = DOINGS.get(name)
    if doing is None:
        raise NotFound(f"没有“{name}”这个动作，可用的有：{'、'.join(DOINGS)}。")
    label = doing.act.label
    if doing.on_item and not asked.item:
        raise Faulty({"item": f"{label}要指明事项。"})
    unknown = set(asked.data) - {field.name for field in doing.fields}
    faults = {name: f"{label}没有“{name}”这一项。" for name in sorted(unknown)}
    for field in doing.fields:
        if field.required and asked.data.get(field.name) in (None, "", [], ()):
            choice = field.form is Form.CHOICE
            faults[field.name] = f"请选择“{field.label}”。" if choice else f"{label}要填写“{field.label}”。"
    if faults:
        raise Faulty(faults)
    with saying_who(asked.session, Tried(asked.number, asked.item, doing.act, asked.by, asked.at)):
        done = doing.run(asked)
    return done.warnings if isinstance(done, Said) else ()


def possible(session: Session, number: str, by: Account, *, at: datetime | None = None) -> list[Possible]:
    """What is this person's to do with this case now, and what of it must wait, in the order of the case's life.

    With the moment also what they may do as somebody's stand-in.
    """
    with remembering(session):  # each act asks for itself, and most ask the same
        case = find_case(session, number)
        posts = tuple(posts_held(session, by, case.district, at=at)) if at else ()
        places: dict[bool, Sequence[Item | None]] = {False: [None], True: items_of(session, number)}
        scenes = (
            (doing, Scene(session, case, item, by, at, posts))
            for doing in DOINGS.values()
            for item in places[doing.on_item]
            if case.archived_at is None or doing.act in AFTER_ARCHIVING
        )
        return [
            Possible(doing, scene.item, doing.held(scene) if doing.held else "")
            for doing, scene in scenes
            if doing.is_open(scene)
        ]
