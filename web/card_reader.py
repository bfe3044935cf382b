"""An identity reader types into a field like a keyboard: what it said fills the fields of the person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from starlette.datastructures import FormData

from rules.bundle import Bundle
from rules.card_reading import Reading, read_card
from rules.errors import Faulty
from rules.people import ApplicantKind
from web.entering import typed

APPLICANTS, AGENTS = "reader.applicant", "reader.agent"
NOT_A_PERSON = "读到的是统一社会信用代码，代理人请读身份证。"
# Where the clerk goes on after a reading: the first of these that is still empty.
NEXT = {
    APPLICANTS: ("applicant.name", "applicant.contact_name", "applicant.phone", "address"),
    AGENTS: ("agent.name", "agent.phone", "agent.authority"),
}


@dataclass(frozen=True)
class Read:
    """What the readings changed in the form."""

    fields: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    focus: str = ""  # the field to go on with


def readings(form: FormData, fields: Mapping[str, str], bundle: Bundle, today: date) -> Read:
    """What was read into the form just now, for the applicant or the agent."""
    for place in (APPLICANTS, AGENTS):
        if line := typed(form, place):
            try:
                read = read_card(line, today)
                new = _of_applicant(read, fields, bundle) if place == APPLICANTS else _of_agent(read)
            except Faulty as faulty:
                return Read(faults={place: faulty.faults["reader"]}, focus=place)
            return Read(new, {}, _next(place, {**fields, **new}))
    return Read()


def _of_applicant(read: Reading, fields: Mapping[str, str], bundle: Bundle) -> dict[str, str]:
    if read.kind.value not in bundle.audience:
        raise Faulty({"reader": f"“{bundle.name}”不受理{read.kind.label}的申请，读到的号码没有填入。"})
    new = {"applicant.kind": read.kind.value, "applicant.id_number": read.id_number}
    if read.name:
        new["applicant.name"] = read.name
    elif read.id_number != fields["applicant.id_number"]:
        new["applicant.name"] = ""  # the name of whoever was there before is not this one's
    if read.address and not fields["address"]:  # what the clerk typed may be the premises
        new["address"] = read.address
    return new


def _of_agent(read: Reading) -> dict[str, str]:
    if read.kind is not ApplicantKind.PERSON:
        raise Faulty({"reader": NOT_A_PERSON})
    found = {"agent.on": "yes", "agent.id_number": read.id_number}
    return found | ({"agent.name": read.name} if read.name else {})


def _next(place: str, fields: Mapping[str, str]) -> str:
    person = fields["applicant.kind"] == ApplicantKind.PERSON
    wanted = [name for name in NEXT[place] if not (person and name == "applicant.contact_name")]
    return next((name for name in wanted if not fields[name]), wanted[-1])
