"""What does somebody hand in, and what is wrong with it? Pure: the form, the file and the API all end here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rules import identifiers
from rules.bundle import Bundle, MaterialSpec, Source
from rules.errors import Faulty
from rules.people import ApplicantKind, ApplyChannel, ToldBy


@dataclass(frozen=True)
class Applicant:
    """申请人."""

    kind: ApplicantKind
    name: str
    id_number: str  # 公民身份号码, or 统一社会信用代码 for an organisation
    phone: str
    email: str = ""
    contact_name: str = ""  # required for an organisation


@dataclass(frozen=True)
class Agent:
    """代理人 (行政许可法 art. 29)."""

    name: str
    id_number: str
    phone: str
    authority: str = ""  # 授权依据: the power of attorney, what it covers and until when


@dataclass(frozen=True)
class Supplied:
    """A material that came with the application: a stored file, or paper seen at the window."""

    spec_id: str
    file_name: str = ""
    stored_as: str = ""
    media_type: str = ""
    size: int = 0
    sha256: str = ""
    origin: str = ""  # reused: where it comes from


@dataclass(frozen=True)
class Application:
    """One form, one set of materials."""

    bundle: str
    applicant: Applicant
    answers: Mapping[str, Any]
    address: str = ""
    agent: Agent | None = None
    supplied: tuple[Supplied, ...] = ()
    deferred: tuple[str, ...] = ()  # 容缺: material ids to be supplied later
    told_by: ToldBy = ToldBy.BOTH
    channel: ApplyChannel = ApplyChannel.WINDOW
    district: str = (
        ""  # online: where it is to be handled; at a window it is the window's. '' the whole installation
    )
    proven_by: str = ""  # online: over which channel a code proved the contact of whoever submits
    submission_key: str = field(default="", compare=False)  # the same form sent twice is one case


def check_applicant(application: Application, bundle: Bundle, today: date) -> None:
    """Raise Faulty with one sentence for each field that is wrong."""
    faults = _faults_of_applicant(application.applicant, bundle, today)
    if agent := application.agent:
        faults |= _faults_of_person("agent", agent.name, agent.id_number, agent.phone, "代理人", today)
        if len(agent.authority) > 200:
            faults["agent.authority"] = "授权依据请不超过 200 字。"
    if len(application.address) > 400:
        faults["address"] = "地址请不超过 400 字。"
    if faults:
        raise Faulty(faults)


def check_materials(application: Application, wanted: tuple[MaterialSpec, ...], bundle: Bundle) -> None:
    """Raise Faulty for every material that is missing, unknown, or deferred although it may not be."""
    known = {material.id for material in bundle.materials}
    supplied = {material.spec_id for material in application.supplied}
    deferred = set(application.deferred)
    faults = {
        f"material.{unknown}": f"“{unknown}”不是本事项的材料。"
        for unknown in sorted((supplied | deferred) - known)
    }
    for material in wanted:
        if material.id in deferred and not material.deferrable:
            faults[f"material.{material.id}"] = f"“{material.name}”是核心材料，不能容缺。"
        elif material.source is Source.APPLICANT and material.id not in supplied | deferred:
            remedy = "请提交，或选择容缺后补" if material.deferrable else "请提交"
            faults[f"material.{material.id}"] = f"缺少材料“{material.name}”，{remedy}。"
    if faults:
        raise Faulty(faults)


def _faults_of_applicant(applicant: Applicant, bundle: Bundle, today: date) -> dict[str, str]:
    if applicant.kind.value not in bundle.audience:
        return {"applicant.kind": f"“{bundle.name}”不受理{applicant.kind.label}的申请。"}
    if applicant.kind is ApplicantKind.PERSON:
        faults = _faults_of_person(
            "applicant", applicant.name, applicant.id_number, applicant.phone, "申请人", today
        )
    else:
        faults = _faults_of_organisation(applicant)
    if applicant.contact_name and (fault := _named(applicant.contact_name, "联系人姓名")):
        faults["applicant.contact_name"] = fault
    if applicant.email and (fault := identifiers.fault_of_email(applicant.email)):
        faults["applicant.email"] = fault
    return faults


def _faults_of_organisation(applicant: Applicant) -> dict[str, str]:
    found = {
        "applicant.name": _named(applicant.name, "单位名称"),
        "applicant.id_number": identifiers.fault_of_uscc(applicant.id_number),
        "applicant.contact_name": _named(applicant.contact_name, "联系人姓名"),
        "applicant.phone": identifiers.fault_of_mobile(applicant.phone),
    }
    return {name: fault for name, fault in found.items() if fault}


def _faults_of_person(
    field_name: str, name: str, id_number: str, phone: str, who: str, today: date
) -> dict[str, str]:
    found = {
        f"{field_name}.name": _named(name, f"{who}姓名"),
        f"{field_name}.id_number": identifiers.fault_of_id_number(id_number, today),
        f"{field_name}.phone": identifiers.fault_of_mobile(phone),
    }
    return {field_name: f"{who}：{fault}" for field_name, fault in found.items() if fault}


def _named(name: str, what: str) -> str | None:
    if not name.strip():
        return f"请填写{what}。"
    return f"{what}请不超过 100 字。" if len(name) > 100 else None
