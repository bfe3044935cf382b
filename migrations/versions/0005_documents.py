"""The papers of a case: numbered, written out, signed, and revoked where the decision is undone.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("item_number", sa.String(54), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("facts", JSONB(), server_default="{}", nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issuer", sa.String(200), nullable=False),
        sa.Column("paragraphs", JSONB(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(100), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.String(2000), nullable=False),
        sa.CheckConstraint(
            "kind IN ('SJ', 'SL', 'BY', 'BZ', 'TB', 'YQ', 'ZY', 'BX', 'ZB', 'BJ', 'CX')", name="kind_is_known"
        ),
        sa.ForeignKeyConstraint(["case_number"], ["case_file.number"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(
        "document_unwritten", "document", ["number"], postgresql_where=sa.text("digest = ''")
    )
    op.create_index("ix_document_case_number", "document", ["case_number"])


def downgrade() -> None:
    op.drop_table("document")
