"""How does an application become a case? Submit it, and later supply what was promised (容缺)."""

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from actions.acting import Asked, Doing, Field, Form, Scene, text
from actions.dating import start_notice_clock
from actions.deferring import paper_arrived
from actions.moving import APPLICANT, record
from actions.permitting import must_be_allowed
from config.catalogue import catalogue
from models.account import Account
from models.case import (
    Case,
    Item,
    Material,
    case_of_submission,
    lock_case,
    lock_submission,
    materials_of,
    next_serial,
)
from models.notice import queue_notice
from models.version import keep_version
from rules.application import Application, Supplied, check_applicant, check_materials
from rules.bundle import Bundle, ItemSpec, MaterialSpec, Source
from rules.errors import AlreadyDone, Faulty, NotFound, WrongState
from rules.identifiers import case_number, query_code
from rules.material import HANDED_IN, MaterialState
from rules.moments import china_day, china_text
from rules.notices import Event
from rules.people import ApplyChannel
from rules.selecting import complete_answers, items_called_for, materials_called_for, unanswered
from rules.states import CASE_CLOSED, Act, CaseState, ItemState


def bundle_named(code: str) -> Bundle:
    """The bundle on offer under this code or English name; a refusal that lists what there is otherwise."""
    on_offer = catalogue()
    for bundle in on_offer.values():
        if code in (bundle.code, bundle.slug):
            return bundle
    raise NotFound(f"没有编号为“{code}”的一件事，可办理的有：{'、'.join(on_offer)}。")


def submit(
    session: Session, application: Application, *, by: Account | None, region: str, at: datetime
) -> Case:
    """收件: check everything, then write case, items, materials and the receipt. `by` None: the applicant online.

    Raises Faulty with every fault of the form, AlreadyDone when this very form is a case already.
    """
    if by is not None:
        must_be_allowed(by, Act.SUBMIT)
    key = application.submission_key or secrets.token_hex(16)
    lock_submission(session, key)
    if twin := case_of_submission(session, key):
        raise AlreadyDone(f"这份申请已经提交过，办件编号是 {twin.number}。", twin.number)
    bundle = bundle_named(application.bundle)
    checked, items, materials = _checked(application, bundle, at)
    case = _new_case(session, checked, bundle, key, by, region, at)
    session.add_all(_new_items(case, items))
    papers = _new_materials(case, materials, checked, at)
    session.add_all(papers)
    case.complete_at = at if nothing_missing(papers) else None
    facts = _who_submitted(application)
    record(session, case, Act.SUBMIT, by=case.submitted_by, at=at, facts=facts, after=case.state)
    start_notice_clock(session, case, at=at)
    receipt = {
        "bundle": bundle.name,
        "materials": sum(paper.state in HANDED_IN for paper in papers),
        "owed": [paper.name for paper in papers if paper.state is MaterialState.DEFERRED],
        "query_code": case.query_code,
    }
    queue_notice(session, case, Event.RECEIPT, facts=receipt, at=at)
    return case


def check(application: Application, *, at: datetime) -> None:
    """Raise Faulty with every fault of the form; nothing is written. Asked before a contact is proven online."""
    _checked(application, bundle_named(application.bundle), at)


def supply(
    session: Session, number: str, supplied: Supplied, *, by: Account | None, at: datetime
) -> Material:
    """补交: a deferred material arrives. `by` None: the applicant, on the progress page.

    In time or late: as long as the case is open and nobody has brought it, it is taken.
    """
    _must_be_theirs(supplied, by)
    case = lock_case(session, number)
    if case.state in CASE_CLOSED:
        raise WrongState(f"办件{case.state.label}，不能再补交材料。")
    papers = materials_of(session, number)
    for material in papers:
        if material.spec_id == supplied.spec_id and material.state is MaterialState.DEFERRED:
            arrive(material, supplied, at)
            if nothing_missing(papers) and case.state is not CaseState.CORRECTION:
                case.complete_at = at
            paper_arrived(session, case, material, at=at)
            who = by.username if by else APPLICANT
            record(session, case, Act.SUPPLY, by=who, at=at, facts={"material": material.spec_id})
            return material
    for material in papers:
        if material.spec_id == supplied.spec_id and material.supplied_at:
            raise AlreadyDone(f"“{material.name}”已于 {china_text(material.supplied_at)} 收到。", number)
    raise NotFound(f"办件没有等待补交的材料“{supplied.spec_id}”。")


def _must_be_theirs(supplied: Supplied, by: Account | None) -> None:
    """At the window paper will do; online a file, as nobody is there who could see the paper."""
    if by is not None:
        must_be_allowed(by, Act.SUPPLY)
    elif not supplied.stored_as:
        raise Faulty({"file": "请选择要上传的文件；纸质材料请交到受理窗口，由窗口登记。"})


def _checked(
    application: Application, bundle: Bundle, at: datetime
) -> tuple[Application, tuple[ItemSpec, ...], tuple[MaterialSpec, ...]]:
    """Every fault of the form at once: answers, people, materials."""
    faults: dict[str, str] = {}
    try:
        check_applicant(application, bundle, china_day(at))
    except Faulty as faulty:
        faults |= faulty.faults
    try:
        complete = complete_answers(bundle, application.answers)
    except Faulty as faulty:
        raise Faulty(faults | {f"answers.{name}": why for name, why in faulty.faults.items()}) from None
    missing = unanswered(bundle, application.answers, complete)
    faults |= {f"answers.{name}": why for name, why in missing.items()}
    application = replace(application, answers=complete)
    items = items_called_for(bundle, application.answers)
    materials = materials_called_for(bundle, items, application.answers)
    if not items:
        faults["answers"] = "按您的回答没有需要办理的事项，请检查各项回答。"
    try:
        check_materials(application, materials, bundle)
    except Faulty as faulty:
        faults |= faulty.faults
    if faults:
        raise Faulty(faults)
    return application, items, materials


def _who_submitted(application: Application) -> dict[str, str]:
    """Online nobody of the staff stands between: the file says who did it, and what proved their contact."""
    if application.channel is not ApplyChannel.ONLINE:
        return {}
    submitter = "agent" if application.agent else "applicant"
    return {"channel": application.channel.value, "submitter": submitter, "proven": application.proven_by}


def _new_case(
    session: Session,
    application: Application,
    bundle: Bundle,
    key: str,
    by: Account | None,
    region: str,
    at: datetime,
) -> Case:
    applicant, agent = application.applicant, application.agent
    case = Case(
        number=case_number(region, bundle.code, china_day(at), next_serial(session)),
        query_code=query_code(),
        submission_key=key,
        bundle_code=bundle.code,
        bundle_digest=keep_version(session, bundle, at=at),
        state=CaseState.SUBMITTED,
        applicant_kind=applicant.kind,
        applicant_name=applicant.name.strip(),
        applicant_id_number=applicant.id_number.upper(),
        contact_name=applicant.contact_name,
        phone=applicant.phone,
        email=applicant.email,
        address=application.address,
        told_by=application.told_by,
        agent_name=agent.name if agent else "",
        agent_id_number=agent.id_number.upper() if agent else "",
        agent_phone=agent.phone if agent else "",
        agent_authority=agent.authority.strip() if agent else "",
        answers=dict(application.answers),
        district=by.district if by else application.district,
        submitted_by=by.username if by else APPLICANT,
        window_clerk=by.username if by else "",
        apply_channel=application.channel,
        submitted_at=at,
    )
    session.add(case)
    try:
        session.flush()  # items, materials and notices refer to it
    except (
        IntegrityError
    ) as error:  # keys are the whole city's, and the case of this one may be another district's
        if "submission_key" not in str(error.orig):
            raise
        raise WrongState("这个 submission_key 已在别处用过，请换一个。") from error
    return case


def _new_items(case: Case, items: tuple[ItemSpec, ...]) -> list[Item]:
    return [
        Item(
            number=f"{case.number}-{position:02d}",
            case_number=case.number,
            code=spec.code,
            name=spec.name,
            department_code=spec.department,
            state=ItemState.PENDING,
        )
        for position, spec in enumerate(items, start=1)
    ]


def _new_materials(
    case: Case, wanted: tuple[MaterialSpec, ...], application: Application, at: datetime
) -> list[Material]:
    arrived = {supplied.spec_id: supplied for supplied in application.supplied}
    rows = []
    for spec in wanted:
        row = Material(
            case_number=case.number, spec_id=spec.id, name=spec.name, state=_expected(spec, application)
        )
        if spec.id in arrived:
            arrive(row, arrived[spec.id], at)
        rows.append(row)
    return rows


def _expected(spec: MaterialSpec, application: Application) -> MaterialState:
    if spec.id in application.deferred:
        return MaterialState.DEFERRED
    return MaterialState.AWAITED if spec.source is Source.PREDECESSOR else MaterialState.SHARED


def nothing_missing(papers: list[Material]) -> bool:
    """What a predecessor will produce nobody can hand in: only gaps (容缺) make a file incomplete."""
    return all(paper.state is not MaterialState.DEFERRED for paper in papers)


def arrive(material: Material, supplied: Supplied, at: datetime) -> None:
    """It is here: as a file, or on paper where there is none; a certificate of ours is known without either."""
    without_file = MaterialState.SHARED if supplied.origin else MaterialState.ON_PAPER
    material.state = MaterialState.SUPPLIED if supplied.stored_as else without_file
    material.file_name = supplied.file_name
    material.stored_as = supplied.stored_as
    material.media_type = supplied.media_type
    material.size = supplied.size
    material.sha256 = supplied.sha256
    material.origin = supplied.origin
    material.supplied_at = at


def _supply(asked: Asked) -> object:
    return supply(asked.session, asked.number, Supplied(text(asked, "material")), by=asked.by, at=asked.at)


def _owed(scene: Scene) -> list[tuple[str, str]]:
    papers = materials_of(scene.session, scene.case.number)
    return [(paper.spec_id, paper.name) for paper in papers if paper.state is MaterialState.DEFERRED]


DOINGS = (
    Doing(
        "supply",
        Act.SUPPLY,
        False,
        (Field("material", "补交的材料", Form.CHOICE, choices=_owed),),
        _supply,
        lambda scene: scene.case.state not in CASE_CLOSED and bool(_owed(scene)),
    ),
)
