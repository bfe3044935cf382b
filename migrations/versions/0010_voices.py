"""Ratings, questions and complaints.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = "'consult', 'complaint', 'stuck', 'rating'"
STAGES = "'received', 'assigned', 'answered', 'reopened', 'appealed', 'closed', 'dismissed'"
STEPS = (
    "'receive', 'assign', 'transfer', 'take', 'contact', 'extend', 'answer', 'appeal', 'uphold', 'reject',"
    " 'confirm', 'reopen', 'end_unhappy', 'lapse'"
)
EVENTS = (
    "receipt",
    "accepted",
    "not_accepted",
    "special_started",
    "special_ended",
    "extended",
    "date_moved",
    "item_decided",
    "concluded",
    "ready",
    "supplement_asked",
    "supplement_reminded",
    "supplement_received",
    "supplement_lapsed",
    "deferral_reminded",
    "deferral_lapsed",
    "rectification",
    "visit",
    "withdrawn",
    "voided",
    "corrected",
    "items_changed",
    "reopened",
    "version_moved",
    "revoked",
    "shipped",
    "returned",
)
OPEN = "stage IN ('appealed', 'assigned', 'received', 'reopened')"

# 办理记录 is added to and never changed, whoever holds the connection.
KEPT = """
CREATE FUNCTION enquiry_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'entries of enquiry_entry are neither changed nor removed';
END $$;
CREATE TRIGGER enquiry_entry_is_kept BEFORE UPDATE OR DELETE ON enquiry_entry
  FOR EACH ROW EXECUTE FUNCTION enquiry_entry_is_kept();
"""


def upgrade() -> None:
    op.execute(sa.text("CREATE SEQUENCE enquiry_serial MAXVALUE 999999 CYCLE"))
    _rating()
    _enquiry()
    _entry()
    _message()
    _events(*EVENTS, "rate")


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM notice WHERE event = 'rate'"))
    _events(*EVENTS)
    op.drop_table("enquiry_message")
    op.drop_table("enquiry_entry")
    op.execute(sa.text("DROP FUNCTION enquiry_entry_is_kept()"))
    op.drop_table("enquiry")
    op.drop_table("rating")
    op.execute(sa.text("DROP SEQUENCE enquiry_serial"))


def _events(*known: str) -> None:
    words = ", ".join(f"'{event}'" for event in known)
    op.drop_constraint("event_is_known", "notice", type_="check")
    op.create_check_constraint("event_is_known", "notice", f"event IN ({words})")


def _rating() -> None:
    op.create_table(
        "rating",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("visit", sa.String(32), nullable=False),
        sa.Column("visit_kind", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(32), nullable=False),
        sa.Column("tags", JSONB(), nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=True),
        sa.Column("person", sa.String(50), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("at_kiosk", sa.Boolean(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "visit_kind IN ('case', 'submission', 'supplement', 'collection')", name="visit_kind_is_known"
        ),
        sa.CheckConstraint(
            "grade IN ('very_satisfied', 'satisfied', 'fairly_satisfied', 'dissatisfied', 'very_dissatisfied')",
            name="grade_is_known",
        ),
        sa.CheckConstraint("round IN (1, 2)", name="first_or_again"),
        sa.ForeignKeyConstraint(["case_number"], ["case_file.number"]),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "visit", "round", name="rated_once"),
    )
    op.create_index("rating_given", "rating", ["given_at", "department_code", "grade", "round", "counted"])
    op.create_index(
        "rating_bad",
        "rating",
        ["given_at"],
        postgresql_where=sa.text("grade IN ('dissatisfied', 'very_dissatisfied')"),
    )


def _enquiry() -> None:
    op.create_table(
        "enquiry",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("query_code", sa.String(16), nullable=False),
        sa.Column("submission_key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("rating_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.String(2000), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("phone", sa.String(18), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=True),
        sa.Column("person", sa.String(50), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("contact_due_on", sa.Date(), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.String(2000), nullable=False),
        sa.Column("cause", sa.String(32), nullable=True),
        sa.Column("answered_by", sa.String(50), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_ground", sa.String(32), nullable=True),
        sa.Column("appeal_left", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="kind_is_known"),
        sa.CheckConstraint(f"stage IN ({STAGES})", name="stage_is_known"),
        sa.CheckConstraint(
            "cause IN ('unclear', 'between', 'system', 'late', 'conduct', 'rules', 'other')",
            name="cause_is_known",
        ),
        sa.CheckConstraint(
            "appeal_ground IN ('malicious', 'mistaken', 'beyond_power')", name="appeal_ground_is_known"
        ),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"]),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("submission_key"),
        sa.UniqueConstraint("rating_id"),
    )
    for name, columns, where in (
        ("enquiry_open", ["department_code", "due_on"], OPEN),
        ("enquiry_due", ["due_on"], OPEN),
        ("enquiry_answered", ["answered_at"], "stage = 'answered'"),
        ("enquiry_of_case", ["case_number"], "case_number <> ''"),
    ):
        op.create_index(name, "enquiry", columns, postgresql_where=sa.text(where))
    op.create_index("enquiry_newest", "enquiry", ["created_at"])
    op.create_index("enquiry_of_department", "enquiry", ["department_code", "created_at"])


def _entry() -> None:
    op.create_table(
        "enquiry_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("enquiry_number", sa.String(20), nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(50), nullable=False),
        sa.Column("before", sa.String(32), nullable=True),
        sa.Column("after", sa.String(32), nullable=False),
        sa.Column("words", sa.String(2000), nullable=False),
        sa.Column("facts", JSONB(), server_default="{}", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"step IN ({STEPS})", name="step_is_known"),
        sa.CheckConstraint(f"before IN ({STAGES})", name="before_is_known"),
        sa.CheckConstraint(f"after IN ({STAGES})", name="after_is_known"),
        sa.ForeignKeyConstraint(["enquiry_number"], ["enquiry.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_enquiry_entry_enquiry_number", "enquiry_entry", ["enquiry_number"])
    op.execute(sa.text(KEPT))


def _message() -> None:
    op.create_table(
        "enquiry_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enquiry_number", sa.String(20), nullable=False),
        sa.Column("phone", sa.String(18), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["enquiry_number"], ["enquiry.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_enquiry_message_enquiry_number", "enquiry_message", ["enquiry_number"])
    op.create_index(
        "enquiry_message_due",
        "enquiry_message",
        ["next_try_at"],
        postgresql_where=sa.text("next_try_at IS NOT NULL"),
    )
