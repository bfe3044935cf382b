"""The box of notices is asked for one kind of event, of which there may be none: the walk through all of them was long.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "notice_of_event", "notice", ["event", sa.text("created_at DESC"), "case_number", sa.text("serial DESC")]
    )


def downgrade() -> None:
    op.drop_index("notice_of_event", table_name="notice")
