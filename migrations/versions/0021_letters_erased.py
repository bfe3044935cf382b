"""A letter goes with the case it is about: of the steps of its course the words are erased, and nothing else changes.

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEPT = """
CREATE OR REPLACE FUNCTION enquiry_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN{erasing}
  RAISE EXCEPTION 'entries of enquiry_entry are neither changed nor removed';
END $$;
"""
ERASING = """
  IF TG_OP = 'UPDATE' AND NEW.words IN (OLD.words, '（个人信息已到期清除）') THEN
    OLD.words := NEW.words;
    IF NEW IS NOT DISTINCT FROM OLD THEN
      RETURN NEW;
    END IF;
  END IF;"""


def upgrade() -> None:
    op.execute(sa.text(KEPT.format(erasing=ERASING)))


def downgrade() -> None:
    op.execute(sa.text(KEPT.format(erasing="")))
