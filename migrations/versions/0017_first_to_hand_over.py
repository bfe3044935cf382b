"""What lies ready is read in the order of its days, and no further than a page tells.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

DELIVERY_OPEN = sa.text("stopped_at IS NULL AND kind = 'delivery'")


def upgrade() -> None:
    op.drop_index("clock_delivery_open", table_name="clock")
    op.create_index(
        "clock_delivery_open",
        "clock",
        ["due_on", "case_number"],
        postgresql_where=DELIVERY_OPEN,
        postgresql_include=["item_number"],
    )


def downgrade() -> None:
    op.drop_index("clock_delivery_open", table_name="clock")
    op.create_index(
        "clock_delivery_open",
        "clock",
        ["item_number"],
        postgresql_where=DELIVERY_OPEN,
        postgresql_include=["case_number", "due_on"],
    )
