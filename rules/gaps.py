"""What is missing, merged by material: one entry for the applicant, however many departments ask for it."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from rules.bundle import OnSilence

# What may be wrong in the application form itself; material ids begin with M-.
FORM_PARTS: Mapping[str, str] = {
    "applicant": "申请人信息",
    "agent": "代理人信息",
    "address": "地址",
    "answers": "情形回答",
    "other": "申请表其他内容",
}

# What an applicant is told beforehand of the end of the time given (domain 1.4).
SILENCE_SAID: Mapping[OnSilence, str] = {
    OnSilence.WITHDRAWN: "到期没有补齐的，视为您撤回申请，需要时可以重新申请",
    OnSilence.REFUSED: "到期没有补齐的，这份申请不予受理，需要时可以重新申请",
    OnSilence.ASK: "到期没有补齐的，由窗口和有关部门决定，决定之前补齐仍然有效",
}


class Missing(Protocol):
    """A gap as it was listed."""

    spec_id: str
    what: str
    department_code: str | None  # None: the window


@dataclass(frozen=True)
class Remark:
    """What is missing, in the words of the first who said so, and everybody who did."""

    what: str
    departments: tuple[str | None, ...]


@dataclass(frozen=True)
class Entry:
    """One material, or one part of the form, with everything that is missing of it."""

    spec_id: str
    remarks: tuple[Remark, ...]

    @property
    def text(self) -> str:
        return "；".join(remark.what.rstrip("。；") for remark in self.remarks)


def merged(gaps: Iterable[Missing]) -> tuple[Entry, ...]:
    """One entry a material, in the order they were first listed; each remark once, however it is spaced."""
    found: dict[str, dict[str, Remark]] = {}
    for gap in gaps:
        remarks = found.setdefault(gap.spec_id, {})
        said = remarks.get(key := likeness(gap.what)) or Remark(gap.what, ())
        if gap.department_code not in said.departments:
            said = Remark(said.what, (*said.departments, gap.department_code))
        remarks[key] = said
    return tuple(Entry(spec_id, tuple(remarks.values())) for spec_id, remarks in found.items())


def likeness(what: str) -> str:
    """What two remarks have in common that say the same: not spaces, width of signs, or the full stop."""
    return "".join(unicodedata.normalize("NFKC", what).split()).rstrip("。.；;，,！!").casefold()
