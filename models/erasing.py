"""What becomes of a case whose retention is over? Its personal data goes, the skeleton of the file stays."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from models.case import Case, Material
from rules.checking_chains import ERASED

# Words that may speak of a person, table by table; what is empty stays empty.
WORDS: Mapping[str, tuple[str, ...]] = {
    "case_file": (
        "applicant_name",
        "contact_name",
        "agent_name",
        "agent_authority",
        "decline_reason",
        "end_reason",
    ),
    "item": ("reason", "conditions"),
    "material": ("file_name",),
    "notice": ("subject", "body", "error"),
    "delivery": ("recipient", "tracking_number", "return_reason"),
    "gathering": ("place", "minutes", "cancel_reason"),
    "opinion": ("question", "answer"),
    "rectification": ("requirement", "finding"),
    "special_procedure": ("reason", "result"),
    "clock": ("extension_reason",),
    "post_check": ("commitment", "finding"),
    "supplement_notice": ("override_reason",),
    "gap": ("what", "answer", "override_reason"),
    "call": ("note",),
    "card": ("explanation",),
    "rating": ("words",),
    "result_wish": ("recipient",),
    "document": ("revoked_because",),
    "enquiry": ("words", "name", "answer"),
    "enquiry_entry": ("words",),
    "enquiry_message": ("body", "error"),
}
SEALED: Mapping[str, tuple[str, ...]] = {
    "case_file": (
        *("applicant_id_number", "phone", "email", "address", "agent_id_number", "agent_phone"),
        *("identity_hash", "phone_hash", "agent_identity_hash", "agent_phone_hash"),
    ),
    "notice": ("address",),
    "result_wish": ("phone", "address"),
    "enquiry": ("phone",),
    "enquiry_message": ("phone",),
}
DOCUMENTS: Mapping[str, tuple[str, ...]] = {
    "case_file": ("answers",),
    "notice": ("facts",),
    "document": ("facts", "paragraphs"),
    "gathering": ("findings",),
}
# 来信 that name the case, and those that its bad ratings opened, which name it only where the person did.
LETTERS = """
SELECT number FROM enquiry
 WHERE case_number = :number OR rating_id IN (SELECT id FROM rating WHERE case_number = :number)
"""
OPEN_LETTER = f"SELECT EXISTS (SELECT 1 FROM enquiry WHERE closed_at IS NULL AND number IN ({LETTERS}))"  # noqa: S608
OF_THE_CASE: Mapping[str, str] = {  # which rows of a table are the case's, where no case_number says so
    "case_file": "number = :number",
    "enquiry": f"number IN ({LETTERS})",
    "enquiry_entry": f"enquiry_number IN ({LETTERS})",
    "enquiry_message": f"enquiry_number IN ({LETTERS})",
}
# The chain stays whole: without its salt the hash of a content tells nothing, and an entry says that it was erased.
ENTRIES = """
UPDATE audit_entry SET salt = '', reason = :erased, facts = '{}'
 WHERE case_number = :number AND serial < (SELECT audit_count FROM case_file WHERE number = :number)
"""
LEFT_FILES = """
SELECT m.id, m.stored_as,
       EXISTS (SELECT 1 FROM material o WHERE o.stored_as = m.stored_as AND o.case_number <> m.case_number)
  FROM material m JOIN case_file c ON c.number = m.case_number
 WHERE c.erased_at IS NOT NULL AND m.stored_as <> ''
"""


def archived_before(session: Session, moment: datetime) -> list[Case]:
    """Cases put away before this moment that still hold personal data, the oldest first."""
    query = select(Case).where(col(Case.archived_at) < moment, col(Case.erased_at).is_(None))
    return list(session.exec(query.order_by(col(Case.archived_at))))


def has_open_letter(session: Session, number: str) -> bool:
    """Is a letter about the case not at its end? Whoever answers it needs its words."""
    return bool(session.execute(text(OPEN_LETTER), {"number": number}).scalar_one())


def blank(session: Session, number: str) -> None:
    """Take the personal data out of every row of the case. Only the owner of the tables may: entries are touched."""
    session.flush()
    for table in sorted({*WORDS, *SEALED, *DOCUMENTS}):
        sets = [
            *(f"{name} = CASE WHEN {name} = '' THEN '' ELSE :erased END" for name in WORDS.get(table, ())),
            *(f"{name} = ''" for name in SEALED.get(table, ())),
            *(
                f"{name} = CASE jsonb_typeof({name}) WHEN 'array' THEN '[]' ELSE '{{}}' END::jsonb"
                for name in DOCUMENTS.get(table, ())
            ),
        ]
        if table == "notice":  # still one of a kind, and found by nobody
            sets.append("address_hash = 'erased-' || serial")
        which = OF_THE_CASE.get(table, "case_number = :number")
        statement = f'UPDATE "{table}" SET {", ".join(sets)} WHERE {which}'  # noqa: S608  our own names
        session.execute(text(statement), {"number": number, "erased": ERASED})
    session.execute(text(ENTRIES), {"number": number, "erased": ERASED})
    session.expire_all()


def files_left(session: Session) -> list[tuple[Material, bool]]:
    """Files of erased cases that are still to be removed, and whether another case has the same file."""
    rows = session.execute(text(LEFT_FILES)).all()
    return [(session.get_one(Material, row[0]), bool(row[2])) for row in rows]
