"""Supervision: when papers were complete, when a rung was reached, whether Prefect knows, the daily digest.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_file", sa.Column("complete_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("account", sa.Column("email", sa.String(200), nullable=False, server_default=""))
    op.alter_column("account", "email", server_default=None)
    op.add_column("card", sa.Column("arose_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE card SET arose_at = opened_at")
    op.alter_column("card", "arose_at", nullable=False)
    op.add_column("card", sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "card_unannounced", "card", ["number"], postgresql_where=sa.text("announced_at IS NULL")
    )
    op.drop_constraint("one_clock_of_a_kind", "clock", type_="unique")
    op.create_index(
        "one_clock_of_a_kind",
        "clock",
        [
            "case_number",
            "item_number",
            "kind",
            sa.text("(CASE WHEN kind = 'step' THEN started_at ELSE 'epoch' END)"),
        ],
        unique=True,
    )
    op.create_index(
        "clock_provisional",
        "clock",
        ["case_number"],
        postgresql_where=sa.text("stopped_at IS NULL AND provisional"),
    )
    op.create_table(
        "digest",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("composed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["account.username"]),
        sa.PrimaryKeyConstraint("day", "username"),
    )
    op.create_index(
        "digest_due", "digest", ["next_try_at"], postgresql_where=sa.text("next_try_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_table("digest")
    op.drop_index("clock_provisional", table_name="clock")
    op.drop_index("one_clock_of_a_kind", table_name="clock")
    # Only of steps there may be several by now; the earlier version knows no steps.
    op.execute("DELETE FROM fired_rung WHERE clock_id IN (SELECT id FROM clock WHERE kind = 'step')")
    op.execute("DELETE FROM card WHERE clock_id IN (SELECT id FROM clock WHERE kind = 'step')")
    op.execute("DELETE FROM clock WHERE kind = 'step'")
    op.create_unique_constraint("one_clock_of_a_kind", "clock", ["case_number", "item_number", "kind"])
    op.drop_index("card_unannounced", table_name="card")
    op.drop_column("card", "announced_at")
    op.drop_column("card", "arose_at")
    op.drop_column("account", "email")
    op.drop_column("case_file", "complete_at")
