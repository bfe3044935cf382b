"""How are joint visits and meetings asked for? Their forms, for pages, command line and REST."""

import re
from collections.abc import Callable

from actions.acting import REASON, Asked, Doing, Field, Form, Scene, moment, several, text
from actions.gatherings import (
    ARRANGE,
    CANCEL,
    RECORD,
    Minutes,
    arrange,
    call_off,
    hold,
    open_gathering,
    wanting,
)
from models.case import items_of
from models.together import GatheringKind
from rules.errors import Faulty
from rules.people import Role
from rules.states import CaseState

LINE = re.compile(r"\s*([A-Za-z0-9-]+)\s*[：:]\s*(.+?)\s*$")


def _arrange(kind: GatheringKind) -> Callable[[Asked], object]:
    def run(asked: Asked) -> object:
        planned, place, subject = moment(asked, "planned"), text(asked, "place"), text(asked, "subject")
        return arrange(
            asked.session, asked.number, kind, planned, place, by=asked.by, at=asked.at, subject=subject
        )

    return run


def _hold(kind: GatheringKind) -> Callable[[Asked], object]:
    def run(asked: Asked) -> object:
        minutes = Minutes(
            officers=several(asked, "officers"),
            minutes=text(asked, "minutes"),
            passed=several(asked, "passed"),
            findings=_findings(asked, kind),
            held_at=moment(asked, "held"),
        )
        return hold(asked.session, asked.number, kind, minutes, by=asked.by, at=asked.at)

    return run


def _call_off(kind: GatheringKind) -> Callable[[Asked], object]:
    def run(asked: Asked) -> object:
        reason = text(asked, "reason")
        return call_off(asked.session, asked.number, kind, reason, by=asked.by, at=asked.at)

    return run


def _findings(asked: Asked, kind: GatheringKind) -> dict[str, str]:
    """A JSON object by item code, or a line for each item: “B7-1：……”; of a single item the text is enough."""
    given = asked.data.get("findings")
    if isinstance(given, dict) and all(isinstance(said, str) for said in given.values()):
        return {str(code): said for code, said in given.items()}
    typed = text(asked, "findings")
    lines = [line for line in typed.splitlines() if line.strip()]
    found = [LINE.match(line) for line in lines]
    if all(found):
        return {match[1]: match[2] for match in found if match}
    gathering = open_gathering(asked.session, asked.number, kind)
    if gathering and len(gathering.items) == 1:
        items = items_of(asked.session, asked.number)
        return {item.code: typed for item in items if item.number in gathering.items}
    raise Faulty({"findings": "每行写一个事项：先写事项编号，再写冒号和发现的情况。"})


def _items(kind: GatheringKind) -> Callable[[Scene], list[tuple[str, str]]]:
    def choices(scene: Scene) -> list[tuple[str, str]]:
        gathering = open_gathering(scene.session, scene.case.number, kind)
        items = items_of(scene.session, scene.case.number) if gathering else []
        return [
            (item.code, f"{item.code} {item.name}")
            for item in items
            if gathering and item.number in gathering.items
        ]

    return choices


def _takes_part(scene: Scene) -> bool:
    own = {item.department_code for item in items_of(scene.session, scene.case.number)}
    return scene.by.role is Role.CLERK or scene.by.department_code in own


def _open_to(kind: GatheringKind, *, arranged: bool) -> Callable[[Scene], bool]:
    def is_open(scene: Scene) -> bool:
        if scene.case.state is not CaseState.ACCEPTED or not _takes_part(scene):
            return False
        if (open_gathering(scene.session, scene.case.number, kind) is not None) != arranged:
            return False
        return arranged or bool(wanting(scene.session, scene.case, kind))

    return is_open


PLANNED = (Field("planned", "日期和时间", Form.MOMENT), Field("place", "地点"))
OFFICERS = Field("officers", "参加的工作人员", hint="至少两名，用顿号隔开（行政许可法第三十四条第三款）")
HELD = Field("held", "实际时间", Form.MOMENT, required=False, hint="不填即现在")
VISIT, MEETING = GatheringKind.VISIT, GatheringKind.MEETING

DOINGS = (
    Doing("arrange-visit", ARRANGE[VISIT], False, PLANNED, _arrange(VISIT), _open_to(VISIT, arranged=False)),
    Doing(
        "record-visit",
        RECORD[VISIT],
        False,
        (
            OFFICERS,
            Field("minutes", "踏勘记录", Form.TEXT),
            Field("passed", "通过的事项", Form.SEVERAL, required=False, choices=_items(VISIT)),
            Field(
                "findings",
                "各事项的发现",
                Form.TEXT,
                required=False,
                hint="没有通过的必填，每行一个事项，例如 B7-1：标高与规划条件不符",
            ),
            HELD,
        ),
        _hold(VISIT),
        _open_to(VISIT, arranged=True),
    ),
    Doing("cancel-visit", CANCEL[VISIT], False, (REASON,), _call_off(VISIT), _open_to(VISIT, arranged=True)),
    Doing(
        "arrange-meeting",
        ARRANGE[MEETING],
        False,
        (*PLANNED, Field("subject", "议题", Form.TEXT)),
        _arrange(MEETING),
        _open_to(MEETING, arranged=False),
    ),
    Doing(
        "record-meeting",
        RECORD[MEETING],
        False,
        (OFFICERS, Field("minutes", "会审记录", Form.TEXT), HELD),
        _hold(MEETING),
        _open_to(MEETING, arranged=True),
    ),
    Doing(
        "cancel-meeting",
        CANCEL[MEETING],
        False,
        (REASON,),
        _call_off(MEETING),
        _open_to(MEETING, arranged=True),
    ),
)
