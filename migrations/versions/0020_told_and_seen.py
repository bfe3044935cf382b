"""Prefect is told of many task runs at once, and writes them down a moment later: what was not seen there yet?

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("item_told", "item", ["told_at"], postgresql_where=sa.text("told_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("item_told", table_name="item")
    op.drop_column("item", "told_at")
