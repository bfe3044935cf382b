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
    offers: dict[str, list[Offer]]  # material id -> what could be reused for it


def known_of(
    db: Session, bundle: Bundle, fields: Mapping[str, str], to_bring: Iterable[MaterialSpec], at: datetime
) -> Known:
    """As far as the applicant is typed."""
    number = fields["applicant.id_number"].upper()
    organisation = fields["applicant.kind"] == ApplicantKind.ORGANISATION
    kind = ApplicantKind.ORGANISATION if organisation else ApplicantKind.PERSON
    alike = open_cases_alike(
        db, bundle.code, number, fields["applicant.name"].strip(), fields["applicant.phone"]
    )
    return Known(alike, offers_of(db, to_bring, number, kind, at=at))
