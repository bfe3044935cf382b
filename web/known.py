"""What does the hall know of this applicant already? Open cases alike, papers and certificates to be reused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.reusing import Offer, offers_of
from models.case import Case
from models.finding import open_cases_alike
from rules.bundle import Bundle, MaterialSpec
from rules.people import ApplicantKind


@dataclass(frozen=True)
class Known:
    """Hints only: none of it keeps the form from being sent."""

    alike: list[Case]  # open, of the same bundle, by the same applicant
    renamed: list[str]  # names of those whose number is the typed one, where the name is not
    offers: dict[str, list[Offer]]  # material id -> what could be reused for it


def known_of(
    db: Session, bundle: Bundle, fields: Mapping[str, str], to_bring: Iterable[MaterialSpec], at: datetime
) -> Known:
    """As far as the applicant is typed."""
    number = fields["applicant.id_number"].upper()
    organisation = fields["applicant.kind"] == ApplicantKind.ORGANISATION
    kind = ApplicantKind.ORGANISATION if organisation else ApplicantKind.PERSON
    name = fields["applicant.name"].strip()
    alike = open_cases_alike(db, bundle.code, number, name, fields["applicant.phone"])
    registered = dict.fromkeys(case.applicant_name for case in alike if case.applicant_id_number == number)
    renamed = [one for one in registered if name and one != name]
    return Known(alike, renamed, offers_of(db, to_bring, number, kind, at=at))
