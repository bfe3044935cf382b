"""The clerk's window: hand-over, what earlier cases hold, whose number is it?

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BY_NAME = sa.text("lower(applicant_name) text_pattern_ops")
BY_TAIL = sa.text("reverse(number) text_pattern_ops")
BEFORE_ACCEPTANCE = sa.text("state IN ('submitted', 'correction')")


def upgrade() -> None:
    _add("case_file", sa.Column("agent_authority", sa.String(200), nullable=False))
    _add("case_file", sa.Column("window_clerk", sa.String(50), nullable=False))
    op.execute("UPDATE case_file SET window_clerk = submitted_by WHERE submitted_by <> 'applicant'")
    _add("material", sa.Column("origin", sa.String(60), nullable=False))
    op.create_index("case_file_by_name", "case_file", [BY_NAME])
    op.create_index("case_file_by_tail", "case_file", [BY_TAIL])
    op.create_index("case_file_by_phone", "case_file", ["phone"])
    agent, phone = sa.text("agent_id_number <> ''"), sa.text("agent_phone <> ''")
    op.create_index("case_file_by_agent", "case_file", ["agent_id_number"], postgresql_where=agent)
    op.create_index("case_file_by_agent_phone", "case_file", ["agent_phone"], postgresql_where=phone)
    op.create_index(
        "case_file_at_window",
        "case_file",
        ["window_clerk", "submitted_at"],
        postgresql_where=BEFORE_ACCEPTANCE,
    )
    deferred = sa.text("state = 'deferred'")
    op.create_index("material_deferred", "material", ["promised_on"], postgresql_where=deferred)
    op.create_table(
        "shift_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("given_by", sa.String(50), nullable=False),
        sa.Column("given_to", sa.String(50), nullable=False),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.Column("cases", JSONB(), nullable=False),
        sa.Column("drafts", JSONB(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(50), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recalled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    open_now = sa.text("taken_at IS NULL AND recalled_at IS NULL")
    op.create_index("shift_change_open", "shift_change", ["given_at"], postgresql_where=open_now)
    op.create_index("shift_change_given", "shift_change", ["given_by", "given_at"])
    op.create_index("shift_change_taken", "shift_change", ["taken_by", "given_at"])
    op.create_index("shift_change_of_case", "shift_change", ["cases"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_table("shift_change")
    op.drop_index("material_deferred", table_name="material")
    for name in ("at_window", "by_agent_phone", "by_agent", "by_phone", "by_tail", "by_name"):
        op.drop_index(f"case_file_{name}", table_name="case_file")
    op.drop_column("material", "origin")
    op.drop_column("case_file", "window_clerk")
    op.drop_column("case_file", "agent_authority")


def _add(table: str, column: sa.Column) -> None:  # type: ignore[type-arg]
    """A new text with nothing in the rows that are there, and no default for those to come."""
    column.server_default = sa.DefaultClause(sa.text("''"))
    op.add_column(table, column)
    op.alter_column(table, column.name, server_default=None)
