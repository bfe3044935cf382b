"""The record: accounts, cases, items, materials, notices, audit, clocks.

Revision: 0001, after nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Running numbers taken without a lock.
    op.execute(sa.schema.CreateSequence(sa.Sequence("case_serial", maxvalue=999_999, cycle=True)))
    op.execute(sa.schema.CreateSequence(sa.Sequence("card_serial")))
    op.create_table(
        "bundle_version",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index(op.f("ix_bundle_version_code"), "bundle_version", ["code"], unique=False)
    op.create_table(
        "department",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("short_name", sa.String(50), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "account",
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=True),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('clerk', 'officer', 'head', 'government', 'manager', 'admin')", name="role_is_known"
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["department.code"],
        ),
        sa.PrimaryKeyConstraint("username"),
    )
    op.create_table(
        "case_file",
        sa.Column("number", sa.String(50), nullable=False),
        sa.Column("query_code", sa.String(16), nullable=False),
        sa.Column("submission_key", sa.String(64), nullable=False),
        sa.Column("bundle_code", sa.String(16), nullable=False),
        sa.Column("bundle_digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("applicant_kind", sa.String(32), nullable=False),
        sa.Column("applicant_name", sa.String(200), nullable=False),
        sa.Column("applicant_id_number", sa.String(18), nullable=False),
        sa.Column("contact_name", sa.String(100), nullable=False),
        sa.Column("phone", sa.String(18), nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("address", sa.String(400), nullable=False),
        sa.Column("agent_name", sa.String(100), nullable=False),
        sa.Column("agent_id_number", sa.String(18), nullable=False),
        sa.Column("agent_phone", sa.String(18), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("submitted_by", sa.String(50), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_reason", sa.String(2000), nullable=False),
        sa.Column("legal_due_on", sa.Date(), nullable=True),
        sa.Column("promised_due_on", sa.Date(), nullable=True),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tracking_number", sa.String(50), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notice_count", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_holder", sa.String(100), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(1000), nullable=False),
        sa.Column("flow_run_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("applicant_kind IN ('person', 'organisation')", name="applicant_kind_is_known"),
        sa.CheckConstraint(
            "outcome IN ('all_granted', 'partly_granted', 'all_refused')", name="outcome_is_known"
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'not_accepted', 'accepted', 'concluded')", name="state_is_known"
        ),
        sa.CheckConstraint("(outcome IS NULL) = (concluded_at IS NULL)", name="concluded_with_outcome"),
        sa.ForeignKeyConstraint(
            ["bundle_digest"],
            ["bundle_version.digest"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("submission_key"),
    )
    op.create_index("case_file_by_applicant", "case_file", ["applicant_id_number"], unique=False)
    op.create_index("case_file_by_state", "case_file", ["state", "submitted_at"], unique=False)
    op.create_index(
        "case_file_lease",
        "case_file",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index(
        "case_file_look_at",
        "case_file",
        ["look_at"],
        unique=False,
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_index("case_file_newest", "case_file", ["submitted_at"], unique=False)
    op.create_index(op.f("ix_case_file_flow_run_id"), "case_file", ["flow_run_id"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("item_number", sa.String(54), nullable=True),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(50), nullable=False),
        sa.Column("before", sa.String(32), nullable=False),
        sa.Column("after", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "act IN ('submit', 'accept', 'decline', 'hand_over', 'hold', 'grant', 'refuse', 'stop', 'conclude', 'issue', 'deliver', 'supply', 'start_special', 'end_special', 'extend', 'deem_accepted', 'card', 'explain_card', 'close_card', 'recalculate')",
            name="act_is_known",
        ),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_audit_entry_case_number"), "audit_entry", ["case_number"], unique=False)
    op.create_table(
        "clock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("item_number", sa.String(54), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("basis", sa.String(200), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("extend", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extended_n", sa.Integer(), nullable=False),
        sa.Column("extended_by", sa.String(100), nullable=False),
        sa.Column("extension_reason", sa.String(2000), nullable=False),
        sa.Column("extension_document", sa.String(100), nullable=False),
        sa.Column("extended_on", sa.Date(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("next_rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('notice', 'promised', 'statutory', 'delivery', 'step')", name="kind_is_known"
        ),
        sa.CheckConstraint(
            "unit IN ('working_day', 'calendar_day', 'hour', 'immediate')", name="unit_is_known"
        ),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "item_number", "kind", name="one_clock_of_a_kind"),
    )
    op.create_index(
        "clock_next_rung",
        "clock",
        ["next_rung_at"],
        unique=False,
        postgresql_where=sa.text("next_rung_at IS NOT NULL"),
    )
    op.create_index(
        "clock_open_due", "clock", ["due_on"], unique=False, postgresql_where=sa.text("stopped_at IS NULL")
    )
    op.create_table(
        "item",
        sa.Column("number", sa.String(54), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(50), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("legal_due_on", sa.Date(), nullable=True),
        sa.Column("promised_due_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("result_number", sa.String(100), nullable=False),
        sa.Column("shown", sa.String(32), nullable=True),
        sa.Column("task_run_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('granted', 'refused')) = (decided_at IS NOT NULL)", name="decided_with_moment"
        ),
        sa.CheckConstraint(
            "shown IN ('pending', 'waiting', 'in_review', 'special', 'granted', 'refused', 'not_needed')",
            name="shown_is_known",
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'waiting', 'in_review', 'special', 'granted', 'refused', 'not_needed')",
            name="state_is_known",
        ),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["department.code"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("case_number", "code", name="item_once_a_case"),
    )
    op.create_index("item_done_at_desk", "item", ["department_code", "decided_at"], unique=False)
    op.create_index(
        "item_open_at_desk",
        "item",
        ["department_code", "due_on"],
        unique=False,
        postgresql_where=sa.text("state IN ('in_review', 'special')"),
    )
    op.create_index(
        "item_out_of_step",
        "item",
        ["number"],
        unique=False,
        postgresql_where=sa.text("task_run_id IS NOT NULL AND shown IS DISTINCT FROM state"),
    )
    op.create_index(op.f("ix_item_case_number"), "item", ["case_number"], unique=False)
    op.create_table(
        "material",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("spec_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("stored_as", sa.String(100), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("supplied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('supplied', 'on_paper', 'shared', 'deferred', 'awaited')", name="state_is_known"
        ),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "spec_id", "version", name="material_version_once"),
    )
    op.create_index(op.f("ix_material_case_number"), "material", ["case_number"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("about", sa.String(80), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("via", sa.String(50), nullable=False),
        sa.Column("error", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('sms', 'email')", name="channel_is_known"),
        sa.CheckConstraint(
            "event IN ('receipt', 'accepted', 'not_accepted', 'special_started', 'special_ended', 'extended', 'date_moved', 'item_decided', 'concluded', 'ready')",
            name="event_is_known",
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'handed_over', 'unknown', 'failed')", name="state_is_known"
        ),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "event", "about", "channel", "address", name="notice_once"),
    )
    op.create_index(op.f("ix_notice_case_number"), "notice", ["case_number"], unique=False)
    op.create_index(
        "notice_due",
        "notice",
        ["channel", "next_try_at", "serial"],
        unique=False,
        postgresql_where=sa.text("next_try_at IS NOT NULL"),
    )
    op.create_index(
        "notice_turn",
        "notice",
        ["case_number", "channel", "serial"],
        unique=False,
        postgresql_where=sa.text("next_try_at IS NOT NULL"),
    )
    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["username"],
            ["account.username"],
        ),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index(op.f("ix_sign_in_username"), "sign_in", ["username"], unique=False)
    op.create_table(
        "card",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("level", sa.String(32), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("item_number", sa.String(54), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=False),
        sa.Column("responsible", sa.String(50), nullable=False),
        sa.Column("finding", sa.String(500), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("explanation", sa.String(2000), nullable=False),
        sa.Column("explained_by", sa.String(50), nullable=False),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(50), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level IN ('green', 'near', 'warning', 'yellow', 'red')", name="level_is_known"),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.ForeignKeyConstraint(
            ["clock_id"],
            ["clock.id"],
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["department.code"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("clock_id", "rule", name="one_card_a_rung"),
    )
    op.create_index(
        "card_open", "card", ["opened_at"], unique=False, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_index(op.f("ix_card_case_number"), "card", ["case_number"], unique=False)
    op.create_table(
        "fired_rung",
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clock_id"],
            ["clock.id"],
        ),
        sa.PrimaryKeyConstraint("clock_id", "code"),
    )
    op.create_table(
        "special_procedure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("item_number", sa.String(54), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("basis", sa.String(200), nullable=False),
        sa.Column("approved_by", sa.String(50), nullable=False),
        sa.Column("expected_days", sa.Integer(), nullable=False),
        sa.Column("stops_statutory", sa.Boolean(), nullable=False),
        sa.Column("stops_promised", sa.Boolean(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("result", sa.String(2000), nullable=False),
        sa.Column("ended_by", sa.String(50), nullable=False),
        sa.Column("rounded_up", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.ForeignKeyConstraint(
            ["item_number"],
            ["item.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_special_procedure_case_number"), "special_procedure", ["case_number"], unique=False
    )
    op.create_index(
        "one_open_procedure",
        "special_procedure",
        ["item_number"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "one_open_procedure", table_name="special_procedure", postgresql_where=sa.text("ended_on IS NULL")
    )
    op.drop_index(op.f("ix_special_procedure_case_number"), table_name="special_procedure")
    op.drop_table("special_procedure")
    op.drop_table("fired_rung")
    op.drop_index(op.f("ix_card_case_number"), table_name="card")
    op.drop_index("card_open", table_name="card", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_table("card")
    op.drop_index(op.f("ix_sign_in_username"), table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_index("notice_turn", table_name="notice", postgresql_where=sa.text("next_try_at IS NOT NULL"))
    op.drop_index("notice_due", table_name="notice", postgresql_where=sa.text("next_try_at IS NOT NULL"))
    op.drop_index(op.f("ix_notice_case_number"), table_name="notice")
    op.drop_table("notice")
    op.drop_index(op.f("ix_material_case_number"), table_name="material")
    op.drop_table("material")
    op.drop_index(op.f("ix_item_case_number"), table_name="item")
    op.drop_index(
        "item_out_of_step",
        table_name="item",
        postgresql_where=sa.text("task_run_id IS NOT NULL AND shown IS DISTINCT FROM state"),
    )
    op.drop_index(
        "item_open_at_desk", table_name="item", postgresql_where=sa.text("state IN ('in_review', 'special')")
    )
    op.drop_index("item_done_at_desk", table_name="item")
    op.drop_table("item")
    op.drop_index("clock_open_due", table_name="clock", postgresql_where=sa.text("stopped_at IS NULL"))
    op.drop_index("clock_next_rung", table_name="clock", postgresql_where=sa.text("next_rung_at IS NOT NULL"))
    op.drop_table("clock")
    op.drop_index(op.f("ix_audit_entry_case_number"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index(op.f("ix_case_file_flow_run_id"), table_name="case_file")
    op.drop_index("case_file_newest", table_name="case_file")
    op.drop_index(
        "case_file_look_at", table_name="case_file", postgresql_where=sa.text("look_at IS NOT NULL")
    )
    op.drop_index(
        "case_file_lease", table_name="case_file", postgresql_where=sa.text("lease_until IS NOT NULL")
    )
    op.drop_index("case_file_by_state", table_name="case_file")
    op.drop_index("case_file_by_applicant", table_name="case_file")
    op.drop_table("case_file")
    op.drop_table("account")
    op.drop_table("department")
    op.drop_index(op.f("ix_bundle_version_code"), table_name="bundle_version")
    op.drop_table("bundle_version")
    op.execute(sa.schema.DropSequence(sa.Sequence("case_serial")))
    op.execute(sa.schema.DropSequence(sa.Sequence("card_serial")))
