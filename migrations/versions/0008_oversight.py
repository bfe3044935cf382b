"""What managers look at: figures of each day, lists by urgency, what was exported.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_figure",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bundle_code", sa.String(16), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("in_time", sa.Integer(), nullable=False),
        sa.Column("timed", sa.Integer(), nullable=False),
        sa.Column("used_hours", sa.Float(), nullable=False),
        sa.Column("promised_hours", sa.Float(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "bundle_code", "department_code"),
    )
    op.create_table(
        "hour_figure",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "hour"),
    )
    op.create_table(
        "list_export",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("list_name", sa.String(100), nullable=False),
        sa.Column("narrowed", sa.String(1000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["account.username"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "case_file_open_due",
        "case_file",
        ["promised_due_on", "bundle_code"],
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_index(
        "case_file_urgent",
        "case_file",
        [
            sa.text("(CASE WHEN state = 'accepted' THEN promised_due_on END)"),
            sa.text("submitted_at DESC"),
            sa.text("number DESC"),
        ],
    )
    op.create_index(
        "case_file_concluded",
        "case_file",
        ["concluded_at"],
        postgresql_where=sa.text("concluded_at IS NOT NULL"),
    )
    op.create_index(
        "case_file_failing", "case_file", ["failures"], postgresql_where=sa.text("failures > 0")
    )
    op.create_index("item_of_department", "item", ["department_code", "case_number"])
    op.create_index(
        "notice_newest",
        "notice",
        [sa.text("created_at DESC"), "case_number", sa.text("serial DESC")],
    )
    op.create_index(
        "audit_case_ended",
        "audit_entry",
        ["at", "case_number"],
        postgresql_where=sa.text(
            "item_number IS NULL AND act IN ('conclude', 'decline', 'withdraw', 'void')"
        ),
    )


def downgrade() -> None:
    op.drop_index("audit_case_ended", table_name="audit_entry")
    op.drop_index("notice_newest", table_name="notice")
    op.drop_index("item_of_department", table_name="item")
    for name in ("case_file_failing", "case_file_concluded", "case_file_urgent", "case_file_open_due"):
        op.drop_index(name, table_name="case_file")
    for table in ("list_export", "hour_figure", "day_figure"):
        op.drop_table(table)
