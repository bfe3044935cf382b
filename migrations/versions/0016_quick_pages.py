"""What pages ask for most is answered by an index alone.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OPEN_AT_DESK = sa.text("state IN ('in_review', 'rectifying', 'special')")
SAME_DAY = "(promised_due_on = CAST(timezone('Asia/Shanghai', handed_over_at) AS date)) IS TRUE"
DELIVERY_OPEN = sa.text("stopped_at IS NULL AND kind = 'delivery'")
NEWEST = [sa.text("created_at DESC"), "case_number", sa.text("serial DESC")]


def upgrade() -> None:
    _drop_former()
    op.create_index(
        "item_open_at_desk",
        "item",
        ["department_code", sa.text(f"({SAME_DAY}) DESC"), "due_on", "handed_over_at", "number"],
        postgresql_where=OPEN_AT_DESK,
        postgresql_include=["assignee", "code", "name"],
    )
    op.create_index(
        "item_open_due",
        "item",
        ["due_on", "number"],
        postgresql_where=OPEN_AT_DESK,
        postgresql_include=["department_code"],
    )
    op.create_index(
        "item_result_made",
        "item",
        ["number"],
        postgresql_where=sa.text("state = 'granted' AND result_number <> ''"),
    )
    op.create_index(
        "clock_delivery_open",
        "clock",
        ["item_number"],
        postgresql_where=DELIVERY_OPEN,
        postgresql_include=["case_number", "due_on"],
    )
    op.create_index(
        "notice_newest",
        "notice",
        NEWEST,
        postgresql_include=["channel", "via", "state", "segments", "sent_at"],
    )


def downgrade() -> None:
    op.drop_index("item_result_made", table_name="item")
    op.drop_index("item_open_due", table_name="item")
    _drop_former()
    op.create_index(
        "item_open_at_desk", "item", ["department_code", "due_on"], postgresql_where=OPEN_AT_DESK
    )
    op.create_index("clock_delivery_open", "clock", ["item_number"], postgresql_where=DELIVERY_OPEN)
    op.create_index("notice_newest", "notice", NEWEST)


def _drop_former() -> None:
    """The three that are there before and after, of other columns."""
    op.drop_index("item_open_at_desk", table_name="item")
    op.drop_index("clock_delivery_open", table_name="clock")
    op.drop_index("notice_newest", table_name="notice")
