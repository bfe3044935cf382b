"""The notice ledger: receipts, providers, the call list, what an applicant prefers.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BEFORE = ["queued", "sending", "handed_over", "unknown", "failed"]
NOW = [
    "queued",
    "sending",
    "failed",
    "handed_over",
    "unknown",
    "delivered",
    "rejected",
    "expired",
    "merged",
    "withheld",
]
TO_FOLLOW_UP = "state IN ('rejected', 'expired') AND followed_up_at IS NULL"


def upgrade() -> None:
    _states(NOW)
    # What failed for good was "failed" without another try.
    op.execute("UPDATE notice SET state = 'rejected' WHERE state = 'failed' AND next_try_at IS NULL")
    op.create_table(
        "bulletin",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "provider",
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'email')", name="channel_is_known"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "call",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("closed_by", sa.String(50), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["notice.id"],
        ),
        sa.PrimaryKeyConstraint("notice_id"),
    )
    op.create_index("call_open", "call", ["opened_at"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_index("ix_call_case_number", "call", ["case_number"])
    op.create_table(
        "receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("says", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "says IN ('queued', 'sending', 'failed', 'handed_over', 'unknown', 'delivered', 'rejected', 'expired', 'merged', 'withheld')",
            name="says_is_known",
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["notice.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(
        "receipt_unmatched", "receipt", ["reference"], postgresql_where=sa.text("notice_id IS NULL")
    )
    _add("case_file", sa.Column("told_by", sa.String(32), nullable=False), "'both'")
    _add("notice", sa.Column("reference", sa.String(100), nullable=False), "''")
    _add("notice", sa.Column("statutory", sa.Boolean(), nullable=False), "false")
    _add("notice", sa.Column("template", sa.String(64), nullable=False), "''")
    _add("notice", sa.Column("segments", sa.Integer(), nullable=False), "0")
    op.add_column("notice", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.add_column("notice", sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notice", sa.Column("followed_up_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE notice SET followed_up_at = now() WHERE state = 'rejected'")  # long ago: no calls now
    op.create_index(
        "notice_told_today", "notice", ["address", "sent_at"], postgresql_where=sa.text("channel = 'sms'")
    )
    op.create_index("notice_to_follow_up", "notice", ["created_at"], postgresql_where=sa.text(TO_FOLLOW_UP))
    op.create_index("notice_of_person", "notice", ["address", "sent_at"])
    op.create_index("notice_by_state", "notice", ["state", "created_at"])
    op.create_index("notice_reference", "notice", ["reference"], postgresql_where=sa.text("reference <> ''"))
    op.create_check_constraint("told_by_is_known", "case_file", "told_by IN ('both', 'sms', 'email')")


def downgrade() -> None:
    op.drop_constraint("told_by_is_known", "case_file", type_="check")

    op.drop_index("notice_reference", table_name="notice", postgresql_where=sa.text("reference <> ''"))
    op.drop_index("notice_by_state", table_name="notice")
    op.drop_index("notice_of_person", table_name="notice")
    op.drop_index("notice_told_today", table_name="notice", postgresql_where=sa.text("channel = 'sms'"))
    op.drop_index("notice_to_follow_up", table_name="notice", postgresql_where=sa.text(TO_FOLLOW_UP))
    op.drop_column("notice", "followed_up_at")
    op.drop_column("notice", "delivered_at")
    op.drop_column("notice", "merged_into")
    op.drop_column("notice", "segments")
    op.drop_column("notice", "template")
    op.drop_column("notice", "statutory")
    op.drop_column("notice", "reference")
    op.drop_column("case_file", "told_by")
    op.drop_index("receipt_unmatched", table_name="receipt", postgresql_where=sa.text("notice_id IS NULL"))
    op.drop_table("receipt")
    op.drop_index("ix_call_case_number", table_name="call")
    op.drop_index("call_open", table_name="call", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_table("call")
    op.drop_table("provider")
    op.drop_table("bulletin")
    op.execute("UPDATE notice SET state = 'handed_over' WHERE state = 'delivered'")
    op.execute(
        "UPDATE notice SET state = 'failed' WHERE state IN ('rejected', 'expired', 'merged', 'withheld')"
    )
    _states(BEFORE)


def _states(words: list[str]) -> None:
    op.drop_constraint("state_is_known", "notice", type_="check")
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint("state_is_known", "notice", f"state IN ({listed})")


def _add(table: str, column: sa.Column, default: str) -> None:  # type: ignore[type-arg]
    """A new column with a value for the rows that are there, and no default for those to come."""
    column.server_default = sa.DefaultClause(sa.text(default))
    op.add_column(table, column)
    op.alter_column(table, column.name, server_default=None)
