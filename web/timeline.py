"""What does an entry of the record say beside its reason? What was put right, and what was warned of."""

from collections.abc import Callable, Mapping

from actions.correcting import PARTS
from models.audit import AuditEntry, opened
from rules.masking import masked_email, masked_id_number, masked_name, masked_phone
from rules.states import Act

MASKS: Mapping[str, Callable[[str], str]] = {
    "applicant_name": masked_name,
    "applicant_id_number": masked_id_number,
    "contact_name": masked_name,
    "phone": masked_phone,
    "email": masked_email,
    "agent_name": masked_name,
    "agent_id_number": masked_id_number,
    "agent_phone": masked_phone,
}


def particulars(entry: AuditEntry, *, overseer: bool) -> list[str]:
    """One line each. Whoever only oversees the case recognises the values; those who handle it read them."""
    lines = [str(warning) for warning in entry.facts.get("warnings", ())]
    if entry.facts.get("batch"):
        lines.append("批量准予")
    if entry.act is Act.CORRECT:
        lines += [
            _corrected(name, *map(opened, values), overseer=overseer)
            for name, values in entry.facts["changes"].items()
        ]
    if entry.act is Act.MOVE_VERSION:
        lines += [f"版本 {entry.facts['from']} → {entry.facts['to']}", *entry.facts["changes"]]
    return lines


def _corrected(name: str, before: str, after: str, *, overseer: bool) -> str:
    mask = MASKS.get(name, _as_it_is) if overseer else _as_it_is
    return f"{PARTS[name].label}：{mask(before) or '（空）'} → {mask(after) or '（空）'}"


def _as_it_is(value: str) -> str:
    return value
