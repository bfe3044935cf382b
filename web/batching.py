"""批量准予: tick, look at what would be granted and what not, confirm, see what became of each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.batching import (
    MOST,
    Candidate,
    Confirmed,
    batch_of,
    became_of,
    begin_batch,
    grant_next,
    look_over,
)
from actions.stock_opinions import templates_of, with_template
from models.account import Account, departments_by_code
from models.database import transaction
from models.supervision import standings
from rules.errors import Faulty, NotFound
from web.asking import bundle_names
from web.department import desk_page
from web.desk_view import KEPT, view_kept, with_view
from web.entering import Db, Officer, OurForm, now, ticked, typed
from web.marking import marks_of
from web.showing import show

router = APIRouter(prefix="/desk/batch")


@router.post("")
def preview(request: Request, db: Db, officer: Officer, form: OurForm) -> Response:
    """What would be granted, with its marks, and what not, with the reason. Nothing is granted here."""
    numbers, carried = ticked(form, "item"), typed(form, KEPT)
    try:
        return _preview(request, db, officer, numbers, carried=carried)
    except Faulty as faulty:  # none is ticked, or too many: the list itself says so
        return desk_page(request, db, officer, view_kept(carried), status=422, faults={"batch": str(faulty)})


@router.post("/confirm")
def confirmed(request: Request, officer: Officer, form: OurForm) -> Response:
    """Grant what was confirmed, each in a transaction of its own; sent twice it is one batch."""
    batch_id, seen = _id(typed(form, "batch")), ticked(form, "seen")
    opinion = typed(form, "opinion")
    try:
        with transaction(officer.district) as db:
            words = with_template(db, "grant", {"opinion": opinion}, typed(form, "template"), by=officer)
            asked = Confirmed(batch_id, dict(map(_seen, seen)), str(words["opinion"]))
            begin_batch(db, asked, by=officer, at=now())
    except Faulty as faulty:
        shown = [one.partition(":")[0] for one in ticked(form, "shown")]
        with transaction(officer.district) as db:
            return _preview(
                request, db, officer, shown, carried=typed(form, KEPT), faults=faulty.faults, opinion=opinion
            )
    return _go_on(batch_id, officer, typed(form, KEPT))


@router.post("/{batch}/go")
def went_on(officer: Officer, batch: str, form: OurForm) -> Response:
    """Go on with a batch that was interrupted."""
    return _go_on(_id(batch), officer, typed(form, KEPT))


@router.get("/{batch}")
def result(request: Request, db: Db, officer: Officer, batch: str) -> Response:
    """What became of each."""
    found = became_of(db, _id(batch), by=officer)
    return show(
        request,
        "batch_done.html",
        batch=batch_of(db, _id(batch), by=officer),
        granted=[one for one in found if one[0].granted],
        refused=[one for one in found if one[0].granted is False],
        left=[one for one in found if one[0].granted is None],
        name=found[0][1].item.name,
        bundles=bundle_names(),
        own=officer.department_code,
        carried=request.query_params.get(KEPT, ""),
    )


def _go_on(batch_id: UUID, officer: Account, carried: str) -> Response:
    for _ in range(MOST):  # more than the items it can have left
        with transaction(officer.district) as db:
            if grant_next(db, batch_id, by=officer, at=now()) is None:
                break
    return RedirectResponse(with_view(f"/desk/batch/{batch_id}", carried), 303)


def _preview(
    request: Request,
    db: Session,
    officer: Account,
    numbers: Sequence[str],
    *,
    carried: str,
    faults: dict[str, str] | None = None,
    opinion: str = "",
) -> Response:
    found = look_over(db, numbers, by=officer, at=now())
    ready = [one for one in found if not one.why_not]
    return show(
        request,
        "batch.html",
        status=422 if faults else 200,
        batch=uuid4(),
        ready=ready,
        excluded=[one for one in found if one.why_not],
        name=(ready or found)[0].item.name,
        opinion=opinion,
        faults=faults or {},
        kept={},
        carried=carried,
        own=officer.department_code,
        departments=departments_by_code(db),
        bundles=bundle_names(),
        templates=templates_of(db, officer),
        **_said_of(db, ready),
    )


def _said_of(db: Session, ready: list[Candidate]) -> dict[str, Any]:
    """What the desk says beside these lines, the preview says too."""
    rows = [one.at_desk for one in ready]
    return {
        "marks": marks_of(db, rows, at=now()),
        "standings": standings(db, {one.case.number for one in ready}, at=now()),
    }


def _seen(given: str) -> tuple[str, int]:
    number, _, revision = given.partition(":")
    if not revision.isascii() or not revision.isdigit() or len(revision) > 9:
        raise NotFound("没有看懂要批量准予哪些事项，请回到待办重新选择。")
    return number, int(revision)


def _id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise NotFound("没有这次批量办理。") from None
