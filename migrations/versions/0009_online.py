"""Applicants online: their applications, how they want their results.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ACTS = [
    "submit",
    "accept",
    "decline",
    "hand_over",
    "hold",
    "grant",
    "refuse",
    "stop",
    "conclude",
    "issue",
    "deliver",
    "supply",
    "start_special",
    "end_special",
    "extend",
    "deem_accepted",
    "card",
    "explain_card",
    "close_card",
    "recalculate",
    "list_gap",
    "drop_gap",
    "ask_supplement",
    "answer_gap",
    "close_supplement",
    "lapse_supplement",
    "transfer",
    "ask_human",
    "post_check",
    "revoke",
    "remind",
    "lapse_deferral",
    "reassign",
    "claim",
    "release",
    "pass_on",
    "send_back",
    "ask_opinion",
    "give_opinion",
    "cancel_opinion",
    "delegate",
    "urge",
    "arrange_visit",
    "record_visit",
    "cancel_visit",
    "arrange_meeting",
    "record_meeting",
    "cancel_meeting",
    "require_rectification",
    "reinspect",
    "withdraw",
    "void",
    "correct",
    "add_item",
    "drop_item",
    "reopen",
    "move_version",
    "ship",
    "returned",
    "archive",
    "confirm_notice",
    "resend_notice",
    "call",
]


def upgrade() -> None:
    channel = sa.Column("apply_channel", sa.String(32), server_default="window", nullable=False)
    op.add_column("case_file", channel)
    op.execute("UPDATE case_file SET apply_channel = 'online' WHERE submitted_by = 'applicant'")
    op.create_check_constraint("apply_channel_is_known", "case_file", "apply_channel IN ('window', 'online')")
    concluded = sa.text("concluded_at IS NOT NULL")
    op.create_index(
        "case_file_concluded_of", "case_file", ["bundle_code", "concluded_at"], postgresql_where=concluded
    )
    _contact_code()
    op.create_table(
        "result_wish",
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("way", sa.String(32), nullable=False),
        sa.Column("recipient", sa.String(100), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("way IN ('counter', 'courier')", name="way_is_known"),
        sa.ForeignKeyConstraint(["case_number"], ["case_file.number"]),
        sa.PrimaryKeyConstraint("case_number"),
    )
    _acts(*ACTS, "choose_way")


def downgrade() -> None:
    _acts(*ACTS)
    op.drop_table("result_wish")
    op.drop_table("contact_code")
    op.drop_index("case_file_concluded_of", "case_file")
    op.drop_column("case_file", "apply_channel")


def _contact_code() -> None:
    op.create_table(
        "contact_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form_hash", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("via", sa.String(50), nullable=False),
        sa.Column("body", sa.String(500), nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'email')", name="channel_is_known"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("contact_code_of_address", "contact_code", ["address_hash", "made_at"])
    op.create_index("contact_code_of_form", "contact_code", ["form_hash", "made_at"])
    op.create_index("contact_code_made", "contact_code", ["made_at"])


def _acts(*known: str) -> None:
    words = ", ".join(f"'{act}'" for act in known)
    op.drop_constraint("act_is_known", "audit_entry", type_="check")
    op.create_check_constraint("act_is_known", "audit_entry", f"act IN ({words})")
