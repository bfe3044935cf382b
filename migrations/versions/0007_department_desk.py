"""The department's desk: opinion templates, batches.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

USED_FOR = (
    "'grant', 'refuse', 'list-gap', 'pass-on', 'send-back', 'give-opinion', 'ask-opinion', 'start-special', "
    "'extend', 'transfer', 'require-rectification'"
)


def upgrade() -> None:
    held = sa.text("state = 'waiting'")
    op.create_index("item_held_for_desk", "item", ["department_code", "number"], postgresql_where=held)
    _opinion_template()
    _batch()


def downgrade() -> None:
    for table in ("desk_batch_item", "desk_batch", "opinion_template"):
        op.drop_table(table)
    op.drop_index("item_held_for_desk", table_name="item")


def _opinion_template() -> None:
    op.create_table(
        "opinion_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("used_for", sa.String(32), nullable=False),
        sa.Column("title", sa.String(40), nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"used_for IN ({USED_FOR})", name="used_for_is_known"),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("opinion_template_for", "opinion_template", ["department_code", "username", "used_for"])


def _batch() -> None:
    op.create_table(
        "desk_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("item_code", sa.String(16), nullable=False),
        sa.Column("opinion", sa.String(2000), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"]),
        sa.ForeignKeyConstraint(["username"], ["account.username"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "desk_batch_item",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("item_number", sa.String(54), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("said", sa.String(1000), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["desk_batch.id"]),
        sa.ForeignKeyConstraint(["item_number"], ["item.number"]),
        sa.PrimaryKeyConstraint("batch_id", "item_number"),
    )
