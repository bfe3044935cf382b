"""先看影响，再确认: what an act with far effects would lead to, before it is taken."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from actions.acting import Asked, Doing, Field, Scene
from actions.doing import do
from actions.foreseeing import Foreseen, foresee
from models.account import departments_by_code
from models.case import find_case, items_of
from models.version import bundle_of_version
from web.showing import show

CONFIRMED, BACK = "confirmed", "back"


def confirm_page(
    request: Request, db: Session, doing: Doing, asked: Asked, given: Mapping[str, object]
) -> Response:
    """The page that says what would change and asks once more; refused as the act itself is.

    It sends the same form again to the same address, either confirmed or to be mended with nothing typed lost.
    """
    foreseen, warnings = _look_ahead(db, doing, asked)
    case = find_case(db, asked.number)
    item = next((one for one in items_of(db, case.number) if one.code == asked.item), None)
    scene = Scene(db, case, item, asked.by, asked.at)
    return show(
        request,
        "confirm.html",
        case=case,
        bundle=bundle_of_version(db, case.bundle_digest),
        doing=doing,
        item=item,
        about=doing.about(scene) if doing.about else "",
        fields=_said(doing, scene, given),
        foreseen=foreseen,
        untouched=[one for one in foreseen.untouched if one.code != asked.item],
        warnings=warnings,
        address=request.url.path,
        departments=departments_by_code(db),
    )


def _said(doing: Doing, scene: Scene, given: Mapping[str, object]) -> list[tuple[Field, list[str], str]]:
    """Each field that was filled in: what is sent again, and what people read of it."""
    found = []
    for field in (one for one in doing.fields if one.name in given):
        value = given[field.name]
        values = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        names = dict(field.choices(scene)) if field.choices else {}
        found.append((field, values, "、".join(names.get(one, one) for one in values)))
    return found


def _look_ahead(db: Session, doing: Doing, asked: Asked) -> tuple[Foreseen, tuple[str, ...]]:
    warnings: list[str] = []
    foreseen = foresee(db, asked.number, lambda: warnings.extend(do(doing.name, asked)))
    return foreseen, tuple(warnings)
