"""Who telephones says a name: that of the applicant, of the person to call, or of the agent.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NAMES = {"case_file_by_contact_name": "contact_name", "case_file_by_agent_name": "agent_name"}


def upgrade() -> None:
    for index, column in NAMES.items():
        op.create_index(
            index,
            "case_file",
            [sa.text(f"lower({column}) text_pattern_ops")],
            postgresql_where=sa.text(f"{column} <> ''"),
        )


def downgrade() -> None:
    for index in NAMES:
        op.drop_index(index, table_name="case_file")
