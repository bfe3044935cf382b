"""监察卡: what supervision found; the department explains, the manager closes."""

from collections.abc import Iterator, Mapping, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.supervising import close, explain
from models.account import Account, departments_by_code, short_names
from models.card import Card, open_cards, open_cards_taken_out
from models.supervision import names_of, open_dates_beyond_tables
from rules.duties import may
from rules.errors import Faulty
from rules.people import Role
from rules.states import Act
from web.asking import page_number
from web.entering import Db, OurForm, Viewer, now, typed
from web.exporting import exported
from web.landing import Landed, landed_on_list, landing_on_list
from web.showing import moment, pages_of, show

router = APIRouter(prefix="/cards")


HEADINGS = (
    *("监察编号", "级别", "部门", "办件编号", "事项编号", "情况", "责任人", "发卡时间"),
    *("说明", "说明人", "说明时间"),
)


@router.get("")
def page(request: Request, db: Db, viewer: Viewer, done: str = "", of: str = "") -> Response:
    """The open cards: of the own department, of everybody for those who oversee."""
    return _page(request, db, viewer, said=landed_on_list(db, done, of, viewer))


@router.get("/table.csv")
def table(request: Request, db: Db, viewer: Viewer) -> Response:
    """The same cards, all of them, for a table program."""
    own, people = _own(viewer), names_of(db)
    offices = short_names(db)

    def rows(session: Session) -> Iterator[Sequence[str]]:
        for card in open_cards_taken_out(session, own):
            yield _cells(card, offices, people)

    return exported(request, db, viewer, "cards", "监察卡", HEADINGS, rows)


@router.post("/{number}/explain")
def explained(request: Request, db: Db, viewer: Viewer, number: str, form: OurForm) -> Response:
    """说明原因."""
    text = typed(form, "explanation")
    try:
        with db.begin_nested():
            card = explain(db, number, text, by=viewer, at=now())
    except Faulty as faulty:
        return _page(request, db, viewer, status=422, faults={number: str(faulty)}, kept={number: text})
    return RedirectResponse(landing_on_list("/cards", Act.EXPLAIN_CARD, card.case_number), 303)


@router.post("/{number}/close")
def closed(db: Db, viewer: Viewer, number: str, _form: OurForm) -> Response:
    """销号."""
    card = close(db, number, by=viewer, at=now())
    return RedirectResponse(landing_on_list("/cards", Act.CLOSE_CARD, card.case_number), 303)


def _page(
    request: Request,
    db: Session,
    viewer: Account,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
    said: Landed | None = None,
) -> Response:
    return show(
        request,
        "cards.html",
        status=status,
        page_link=pages_of("/cards", request.query_params),
        landed=said,
        leaf=open_cards(db, _own(viewer), page_number(request.query_params.get("page", ""))),
        departments=departments_by_code(db),
        people=names_of(db),
        explains=may(Act.EXPLAIN_CARD, viewer.role),
        closes=may(Act.CLOSE_CARD, viewer.role),
        faults=faults or {},
        kept=kept or {},
        beyond=open_dates_beyond_tables(db) if viewer.role is Role.MANAGER else None,
    )


def _own(viewer: Account) -> str | None:
    """The department whose cards these are; None: of all."""
    return viewer.department_code if viewer.role in (Role.OFFICER, Role.HEAD) else None


def _cells(card: Card, offices: Mapping[str, str], people: Mapping[str, str]) -> tuple[str, ...]:
    return (
        card.number,
        card.level.label,
        offices[card.department_code],
        card.case_number,
        card.item_number,
        card.finding,
        people.get(card.responsible, card.responsible),
        moment(card.opened_at),
        card.explanation,
        people.get(card.explained_by, card.explained_by),
        moment(card.explained_at),
    )
