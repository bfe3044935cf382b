"""How does what was typed become an application? Fields and files of a form, kept in its draft."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from starlette.datastructures import FormData, UploadFile

from actions.reusing import CONSENT
from actions.storing import TooLarge, store
from config.settings import settings
from rules.application import Agent, Applicant, Application, Supplied
from rules.bundle import Bundle
from rules.errors import Refused
from rules.people import ApplicantKind
from web import drafts
from web.card_reader import readings
from web.drafts import Draft
from web.entering import typed
from web.planning import answers_in

FIELDS = (
    "applicant.kind",
    "applicant.name",
    "applicant.id_number",
    "applicant.contact_name",
    "applicant.phone",
    "applicant.email",
    "address",
    "district",
    "agent.on",
    "agent.name",
    "agent.id_number",
    "agent.phone",
    "agent.authority",
    CONSENT,
)
LONGEST = 2000  # signs kept of a field; every column is shorter
FILE, PAPER, LATER = "file", "paper", "later"  # how a material comes
REUSED = "reuse:"  # and what follows says which earlier one
UNTICKED = {"agent.on": "", CONSENT: ""}  # a box without a tick is not sent
NO_AUTHORITY = "请填写代理人的授权依据，例如授权委托书及委托的事项和期限。"


@dataclass(frozen=True)
class Filled:
    """The form with what came in, and what was wrong with the files."""

    draft: Draft
    faults: dict[str, str]
    too_large: bool
    focus: str = ""  # where the clerk goes on, after a card was read


def blank_fields(bundle: Bundle) -> dict[str, str]:
    """What a new form shows: no question is answered before anybody did; the first kind of applicant allowed."""
    fields = dict.fromkeys(FIELDS, "")
    fields["applicant.kind"] = bundle.audience[0]
    for question in bundle.questions:
        fields[f"answers.{question.id}"] = ""
    for material in bundle.materials:
        fields[f"how.{material.id}"] = ""
    return fields


def fill(draft: Draft, form: FormData, bundle: Bundle) -> Filled:
    """Take over what was typed and the files that came along. A file once here need not be sent again."""
    sent = {name: typed(form, name)[:LONGEST] for name in draft.fields if name in form}
    fields = draft.fields | UNTICKED | sent
    filled = Filled(replace(draft, fields=fields), {}, too_large=False)
    for material in bundle.materials:
        upload = form.get(f"file.{material.id}")
        if isinstance(upload, UploadFile) and upload.filename:
            filled = _with_file(filled, material.id, upload)
    return filled


def with_reading(filled: Filled, form: FormData, bundle: Bundle, today: date) -> Filled:
    """Take over what an identity reader typed."""
    read = readings(form, filled.draft.fields, bundle, today)
    draft = replace(filled.draft, fields=filled.draft.fields | read.fields)
    return replace(filled, draft=draft, faults=filled.faults | read.faults, focus=read.focus)


def reuses_in(fields: Mapping[str, str], wanted: list[str]) -> dict[str, str]:
    """Material id -> which earlier one the clerk chose for it."""
    chosen = {name: fields[f"how.{name}"] for name in wanted}
    return {name: how.removeprefix(REUSED) for name, how in chosen.items() if how.startswith(REUSED)}


def faults_at_the_counter(fields: Mapping[str, str]) -> dict[str, str]:
    """What the window asks beyond the rules for everybody: whoever acts for another shows why they may."""
    missing = fields["agent.on"] and not fields["agent.authority"]
    return {"agent.authority": NO_AUTHORITY} if missing else {}


def application_of(
    draft: Draft, bundle: Bundle, wanted: list[str], reused: Iterable[Supplied] = ()
) -> Application:
    """What is submitted, with the wanted materials. The rules find what is wrong with it."""
    fields = draft.fields
    return Application(
        bundle=draft.bundle,
        applicant=_applicant(fields),
        answers=answers_in(bundle, fields),
        address=fields["address"],
        agent=_agent(fields) if fields["agent.on"] else None,
        supplied=(*(found for name in wanted if (found := _supplied(draft, name))), *reused),
        deferred=tuple(name for name in wanted if fields[f"how.{name}"] == LATER),
        submission_key=draft.token,
    )


def unused_files(draft: Draft, application: Application) -> list[Supplied]:
    """Files sent for materials that the final answers no longer call for."""
    return [supplied for supplied in draft.files.values() if supplied not in application.supplied]


def tidy(draft: Draft, application: Application) -> None:
    """The form has become a case: drop it, and the files the final answers did not call for."""
    drafts.forget(draft.token)
    for supplied in unused_files(draft, application):
        drafts.drop(supplied)


def _with_file(filled: Filled, material_id: str, upload: UploadFile) -> Filled:
    limit = settings().upload_limit_mb << 20
    try:
        supplied = store(
            upload.file, upload.filename or "", material_id, folder=settings().uploads, limit=limit
        )
    except Refused as refused:
        faults = filled.faults | {f"material.{material_id}": str(refused)}
        return replace(filled, faults=faults, too_large=filled.too_large or isinstance(refused, TooLarge))
    draft = filled.draft
    fields = draft.fields | {f"how.{material_id}": FILE}
    return replace(filled, draft=replace(draft, fields=fields, files=draft.files | {material_id: supplied}))


def _supplied(draft: Draft, material_id: str) -> Supplied | None:
    how = draft.fields[f"how.{material_id}"]
    if how == PAPER:
        return Supplied(material_id)
    return draft.files.get(material_id) if how == FILE else None


def _applicant(fields: dict[str, str]) -> Applicant:
    kind = fields["applicant.kind"]
    organisation = kind == ApplicantKind.ORGANISATION
    return Applicant(
        kind=ApplicantKind.ORGANISATION if organisation else ApplicantKind.PERSON,
        name=fields["applicant.name"],
        id_number=fields["applicant.id_number"].upper(),
        phone=fields["applicant.phone"],
        email=fields["applicant.email"],
        contact_name=fields["applicant.contact_name"] if organisation else "",
    )


def _agent(fields: dict[str, str]) -> Agent:
    return Agent(
        fields["agent.name"],
        fields["agent.id_number"].upper(),
        fields["agent.phone"],
        fields["agent.authority"],
    )
