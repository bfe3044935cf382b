"""Attempts, counted for all web processes together.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("attempt_of_late", "attempt", ["purpose", "who", "at"])
    op.create_index("attempt_long_past", "attempt", ["purpose", "at"])


def downgrade() -> None:
    op.drop_table("attempt")
