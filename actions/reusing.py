"""材料复用: what an applicant handed in or was granted earlier is offered; the clerk chooses, the applicant agrees."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from actions.storing import store_copy
from models.finding import Kept, Licence, kept_of_applicant, licences_of_applicant
from models.version import bundle_of_version
from rules.application import Supplied
from rules.bundle import MaterialSpec
from rules.errors import Faulty
from rules.people import ApplicantKind

CONSENT = "reuse.consent"  # the field in which the applicant's consent is ticked
NO_CONSENT = "沿用以前的材料要先征得申请人同意，请勾选。"
GONE = "选定的材料不能沿用了，请重新选择，或者另行提交。"


@dataclass(frozen=True)
class Offer:
    """One thing that could be reused for a material."""

    key: str  # what the form sends: the material's id, or the certificate's number
    words: str  # what the clerk reads
    origin: str  # what is noted: 材料来源
    at: datetime | None
    material_id: UUID | None = None  # of a file that can be looked at
    stored_as: str = ""
    supplied: Supplied | None = None  # without its new place


def offers_of(
    session: Session,
    specs: Iterable[MaterialSpec],
    identity_number: str,
    kind: ApplicantKind,
    *,
    at: datetime,
) -> dict[str, list[Offer]]:
    """Material id -> what this applicant's earlier cases hold for it. The whole number must agree."""
    if len(identity_number) != 18:
        return {}
    kept = kept_of_applicant(session, identity_number, kind)
    licences = [
        (one, name)
        for one in licences_of_applicant(session, identity_number, kind)
        if (name := _valid_result(session, one, at))
    ]
    found = {}
    for spec in specs:
        files = [_of_file(spec, one) for one in kept.get(spec.name, ())]
        # 员工已有的健康证明 is served by a 健康证明; the clerk judges whether this one will do.
        papers = [_of_licence(one, name) for one, name in licences if name in spec.name]
        if files or papers:
            found[spec.id] = files + papers[:1]
    return found


def reused(
    offers: Mapping[str, list[Offer]], chosen: Mapping[str, str], *, consent: bool, folder: Path
) -> list[Supplied]:
    """What was chosen, with a file of its own each; Faulty without consent or when an offer has gone.

    The new case must not lose its file when the old one is destroyed after its years, hence a copy.
    """
    faults: dict[str, str] = {}
    picked: list[tuple[str, Offer]] = []
    for material_id, key in chosen.items():
        offer = next((one for one in offers.get(material_id, ()) if one.key == key), None)
        if offer is None or (offer.stored_as and not (folder / offer.stored_as).is_file()):
            faults[f"material.{material_id}"] = GONE
        else:
            picked.append((material_id, offer))
    if chosen and not consent:
        faults[CONSENT] = NO_CONSENT
    if faults:
        raise Faulty(faults)
    return [_taken(material_id, offer, folder) for material_id, offer in picked]


def _taken(material_id: str, offer: Offer, folder: Path) -> Supplied:
    if offer.supplied is None:
        return Supplied(material_id, file_name=offer.words, origin=offer.origin)
    return replace(offer.supplied, stored_as=store_copy(offer.stored_as, folder=folder))


def _of_file(spec: MaterialSpec, kept: Kept) -> Offer:
    paper = kept.material
    origin = f"办件 {kept.case.number}"
    supplied = Supplied(
        spec.id, paper.file_name, "", paper.media_type, paper.size, paper.sha256, origin=origin
    )
    return Offer(
        key=str(paper.id),
        words=paper.file_name,
        origin=origin,
        at=paper.supplied_at,
        material_id=paper.id,
        stored_as=paper.stored_as,
        supplied=supplied,
    )


def _of_licence(licence: Licence, name: str) -> Offer:
    number = licence.item.result_number
    return Offer(
        key=number, words=f"{name} {number}", origin=f"办件 {licence.case.number}", at=licence.item.decided_at
    )


def _valid_result(session: Session, licence: Licence, at: datetime) -> str:
    """What the certificate is called, '' when it has run out."""
    spec = bundle_of_version(session, licence.case.bundle_digest).item(licence.item.code)
    decided, years = licence.item.decided_at, spec.result_validity_years
    if years is None or decided is None:
        return spec.result
    ran_out = (at.year - years, at.month, at.day) >= (decided.year, decided.month, decided.day)
    return "" if ran_out else spec.result
