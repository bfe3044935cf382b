"""Districts of accounts, cases and letters.

The policies that keep a session to its district are stated at each start (models/policies.py), from the tables as they are.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = ("account", "case_file", "enquiry")

# A column that a policy asks for cannot be dropped.
WITHOUT_POLICIES = """
DO $$
DECLARE one record;
BEGIN
  FOR one IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP POLICY %I ON %I', one.policyname, one.tablename);
    EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', one.tablename);
  END LOOP;
END $$
"""


def upgrade() -> None:
    # '' is the whole installation: what was there before is everybody's who was there before.
    for table in TABLES:
        op.add_column(table, sa.Column("district", sa.String(9), nullable=False, server_default=""))


def downgrade() -> None:
    op.execute(WITHOUT_POLICIES)
    for table in TABLES:
        op.drop_column(table, "district")
