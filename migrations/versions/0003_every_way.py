"""Every way a case can go: supplement notices, fast lanes, work between departments, live changes, delivery.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# table and column -> the words it knew, the words it knows
WORDS: dict[tuple[str, str], tuple[list[str], list[str]]] = {  # column: (what is there already, what is new)
    ("case_file", "state"): (
        ["submitted", "not_accepted", "accepted", "concluded"],
        ["submitted", "correction", "not_accepted", "accepted", "concluded", "withdrawn", "void"],
    ),
    ("case_file", "outcome"): (
        ["all_granted", "partly_granted", "all_refused"],
        ["all_granted", "partly_granted", "all_refused", "transferred"],
    ),
    ("item", "state"): (
        ["pending", "waiting", "in_review", "special", "granted", "refused", "not_needed"],
        [
            "pending",
            "waiting",
            "in_review",
            "special",
            "rectifying",
            "granted",
            "refused",
            "transferred",
            "revoked",
            "withdrawn",
            "not_needed",
            "dropped",
        ],
    ),
    ("item", "shown"): (
        ["pending", "waiting", "in_review", "special", "granted", "refused", "not_needed"],
        [
            "pending",
            "waiting",
            "in_review",
            "special",
            "rectifying",
            "granted",
            "refused",
            "transferred",
            "revoked",
            "withdrawn",
            "not_needed",
            "dropped",
        ],
    ),
    ("audit_entry", "act"): (
        [
            "submit",
            "accept",
            "decline",
            "hand_over",
            "hold",
            "grant",
            "refuse",
            "stop",
            "conclude",
            "issue",
            "deliver",
            "supply",
            "start_special",
            "end_special",
            "extend",
            "deem_accepted",
            "card",
            "explain_card",
            "close_card",
            "recalculate",
        ],
        [
            "submit",
            "accept",
            "decline",
            "hand_over",
            "hold",
            "grant",
            "refuse",
            "stop",
            "conclude",
            "issue",
            "deliver",
            "supply",
            "start_special",
            "end_special",
            "extend",
            "deem_accepted",
            "card",
            "explain_card",
            "close_card",
            "recalculate",
            "list_gap",
            "drop_gap",
            "ask_supplement",
            "answer_gap",
            "close_supplement",
            "lapse_supplement",
            "transfer",
            "ask_human",
            "post_check",
            "revoke",
            "remind",
            "lapse_deferral",
            "reassign",
            "claim",
            "release",
            "pass_on",
            "send_back",
            "ask_opinion",
            "give_opinion",
            "cancel_opinion",
            "delegate",
            "urge",
            "arrange_visit",
            "record_visit",
            "cancel_visit",
            "arrange_meeting",
            "record_meeting",
            "cancel_meeting",
            "require_rectification",
            "reinspect",
            "withdraw",
            "void",
            "correct",
            "add_item",
            "drop_item",
            "reopen",
            "move_version",
            "ship",
            "returned",
            "archive",
            "confirm_notice",
            "resend_notice",
            "call",
        ],
    ),
    ("notice", "event"): (
        [
            "receipt",
            "accepted",
            "not_accepted",
            "special_started",
            "special_ended",
            "extended",
            "date_moved",
            "item_decided",
            "concluded",
            "ready",
        ],
        [
            "receipt",
            "accepted",
            "not_accepted",
            "special_started",
            "special_ended",
            "extended",
            "date_moved",
            "item_decided",
            "concluded",
            "ready",
            "supplement_asked",
            "supplement_reminded",
            "supplement_received",
            "supplement_lapsed",
            "deferral_reminded",
            "deferral_lapsed",
            "rectification",
            "visit",
            "withdrawn",
            "voided",
            "corrected",
            "items_changed",
            "reopened",
            "version_moved",
            "revoked",
            "shipped",
            "returned",
        ],
    ),
    ("clock", "kind"): (
        ["notice", "promised", "statutory", "delivery", "step"],
        [
            "notice",
            "promised",
            "statutory",
            "delivery",
            "step",
            "supplement",
            "deferral",
            "silence",
            "post_check",
            "rectification",
            "opinion",
        ],
    ),
}

DECIDED = "(state IN ({})) = (decided_at IS NOT NULL)"
OPEN = ("'in_review', 'special'", "'in_review', 'rectifying', 'special'")


def upgrade() -> None:
    op.drop_constraint("decided_with_moment", "item", type_="check")
    op.drop_index("item_open_at_desk", table_name="item")
    for (table, column), (_, now) in WORDS.items():
        _words(table, column, now)
    op.create_table(
        "api_token",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["username"],
            ["account.username"],
        ),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("ix_api_token_username", "api_token", ["username"])
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("stand_in", sa.String(50), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("made_by", sa.String(50), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["stand_in"],
            ["account.username"],
        ),
        sa.ForeignKeyConstraint(
            ["username"],
            ["account.username"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("delegation_of_stand_in", "delegation", ["stand_in", "until_day"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("items", JSONB(), nullable=False),
        sa.Column("courier", sa.String(50), nullable=False),
        sa.Column("tracking_number", sa.String(50), nullable=False),
        sa.Column("recipient", sa.String(100), nullable=False),
        sa.Column("sent_by", sa.String(50), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_reason", sa.String(2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_delivery_case_number", "delivery", ["case_number"])
    op.create_index(
        "clock_delivery_open",
        "clock",
        ["item_number"],
        postgresql_where=sa.text("stopped_at IS NULL AND kind = 'delivery'"),
    )
    op.create_index(
        "delivery_on_the_way",
        "delivery",
        ["sent_at"],
        postgresql_where=sa.text("delivered_at IS NULL AND returned_at IS NULL"),
    )
    op.create_table(
        "gathering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("items", JSONB(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(400), nullable=False),
        sa.Column("arranged_by", sa.String(50), nullable=False),
        sa.Column("arranged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("officers", JSONB(), nullable=False),
        sa.Column("findings", JSONB(), nullable=False),
        sa.Column("minutes", sa.String(4000), nullable=False),
        sa.Column("recorded_by", sa.String(50), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.String(2000), nullable=False),
        sa.CheckConstraint("kind IN ('visit', 'meeting')", name="kind_is_known"),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_gathering_case_number", "gathering", ["case_number"])
    op.create_index(
        "gathering_ahead",
        "gathering",
        ["planned_at"],
        postgresql_where=sa.text("held_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_table(
        "supplement_notice",
        sa.Column("number", sa.String(56), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("sent_by", sa.String(50), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("override_reason", sa.String(2000), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lapsed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("case_number", "serial", name="supplement_serial_once"),
    )
    op.create_table(
        "gap",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=True),
        sa.Column("spec_id", sa.String(32), nullable=False),
        sa.Column("what", sa.String(500), nullable=False),
        sa.Column("existed", sa.Boolean(), nullable=False),
        sa.Column("override_reason", sa.String(2000), nullable=False),
        sa.Column("listed_by", sa.String(50), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notice_number", sa.String(56), nullable=True),
        sa.Column("answer", sa.String(2000), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["department.code"],
        ),
        sa.ForeignKeyConstraint(
            ["notice_number"],
            ["supplement_notice.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("gap_untold", "gap", ["case_number"], postgresql_where=sa.text("notice_number IS NULL"))
    op.create_index("ix_gap_case_number", "gap", ["case_number"])
    told = sa.text("notice_number IS NOT NULL")
    op.create_index("gap_told", "gap", ["department_code"], postgresql_where=told)
    op.create_table(
        "opinion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("item_number", sa.String(54), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(2000), nullable=False),
        sa.Column("asked_by", sa.String(50), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(2000), nullable=False),
        sa.Column("answered_by", sa.String(50), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('countersign', 'added', 'advice')", name="kind_is_known"),
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
        sa.ForeignKeyConstraint(
            ["item_number"],
            ["item.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_opinion_case_number", "opinion", ["case_number"])
    op.create_index(
        "opinion_open",
        "opinion",
        ["department_code"],
        postgresql_where=sa.text("answered_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_table(
        "post_check",
        sa.Column("item_number", sa.String(54), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("department_code", sa.String(32), nullable=False),
        sa.Column("commitment", sa.String(2000), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("finding", sa.String(2000), nullable=False),
        sa.Column("checked_by", sa.String(50), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["case_file.number"],
        ),
        sa.ForeignKeyConstraint(
            ["department_code"],
            ["department.code"],
        ),
        sa.ForeignKeyConstraint(
            ["item_number"],
            ["item.number"],
        ),
        sa.PrimaryKeyConstraint("item_number"),
    )
    op.create_index("ix_post_check_case_number", "post_check", ["case_number"])
    op.create_index(
        "post_check_open", "post_check", ["department_code"], postgresql_where=sa.text("passed IS NOT TRUE")
    )
    op.create_table(
        "rectification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("item_number", sa.String(54), nullable=False),
        sa.Column("requirement", sa.String(2000), nullable=False),
        sa.Column("required_by", sa.String(50), nullable=False),
        sa.Column("required_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finding", sa.String(2000), nullable=False),
        sa.Column("ended_by", sa.String(50), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
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
    op.create_index("ix_rectification_case_number", "rectification", ["case_number"])
    op.create_index(
        "one_open_rectification",
        "rectification",
        ["item_number"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    _add("case_file", sa.Column("end_reason", sa.String(2000), nullable=False), "''")
    op.add_column("case_file", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("case_file", sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_column("case_file", "tracking_number")
    op.drop_index("one_clock_of_a_kind", table_name="clock")
    op.create_index(
        "one_clock_of_a_kind",
        "clock",
        ["case_number", "item_number", "kind"],
        unique=True,
        postgresql_where=sa.text("stopped_at IS NULL AND kind NOT IN ('opinion', 'deferral', 'step')"),
    )
    op.create_index("clock_of_case", "clock", ["case_number", "item_number"])
    op.add_column("item", sa.Column("lane", sa.String(32), nullable=True))
    _add("item", sa.Column("conditions", sa.String(2000), nullable=False), "''")
    op.add_column("item", sa.Column("conditions_until", sa.Date(), nullable=True))
    _add("item", sa.Column("transferred_to", sa.String(200), nullable=False), "''")
    _add("item", sa.Column("step", sa.String(32), nullable=False), "'approve'")
    _add("item", sa.Column("assignee", sa.String(50), nullable=False), "''")
    _add("item", sa.Column("handled_by", sa.String(50), nullable=False), "''")
    op.create_index(
        "audit_reassigned", "audit_entry", ["id"], postgresql_where=sa.text("act = 'reassign'")
    )
    op.add_column("item", sa.Column("urged_at", sa.DateTime(timezone=True), nullable=True))
    urged = sa.text("urged_at IS NOT NULL")
    op.create_index("item_urged", "item", ["urged_at"], postgresql_where=urged)
    pending = sa.text("state = 'pending'")
    op.create_index(
        "item_before_acceptance", "item", ["department_code", "case_number"], postgresql_where=pending
    )
    _add("item", sa.Column("added", sa.Boolean(), nullable=False), "false")
    op.add_column("material", sa.Column("promised_on", sa.Date(), nullable=True))
    op.create_check_constraint("step_is_known", "item", "step IN ('handle', 'review', 'approve')")
    op.create_check_constraint("lane_is_known", "item", "lane IN ('person', 'rule', 'commitment', 'silence')")
    decided = DECIDED.format("'granted', 'refused', 'revoked', 'transferred'")
    op.create_check_constraint("decided_with_moment", "item", decided)
    _index_desk(OPEN[1])


def downgrade() -> None:
    op.drop_constraint("decided_with_moment", "item", type_="check")
    op.drop_constraint("lane_is_known", "item", type_="check")
    op.drop_constraint("step_is_known", "item", type_="check")
    op.drop_index("item_open_at_desk", table_name="item")

    op.drop_column("material", "promised_on")
    op.drop_column("item", "added")
    op.drop_index("item_urged", table_name="item", postgresql_where=sa.text("urged_at IS NOT NULL"))
    op.drop_index("item_before_acceptance", table_name="item", postgresql_where=sa.text("state = 'pending'"))
    op.drop_column("item", "urged_at")
    op.drop_index(
        "audit_reassigned", table_name="audit_entry", postgresql_where=sa.text("act = 'reassign'")
    )
    op.drop_column("item", "handled_by")
    op.drop_column("item", "assignee")
    op.drop_column("item", "step")
    op.drop_column("item", "transferred_to")
    op.drop_column("item", "conditions_until")
    op.drop_column("item", "conditions")
    op.drop_column("item", "lane")
    op.drop_index("clock_of_case", table_name="clock")
    op.drop_index(
        "one_clock_of_a_kind",
        table_name="clock",
        postgresql_where=sa.text("stopped_at IS NULL AND kind NOT IN ('opinion', 'deferral', 'step')"),
    )
    _forget_clocks_the_earlier_version_has_no_place_for()
    op.create_index(
        "one_clock_of_a_kind",
        "clock",
        [
            "case_number",
            "item_number",
            "kind",
            sa.text("(CASE WHEN kind = 'step' THEN started_at ELSE 'epoch' END)"),
        ],
        unique=True,
    )
    _add("case_file", sa.Column("tracking_number", sa.String(50), nullable=False), "''")
    op.drop_column("case_file", "reopened_at")
    op.drop_column("case_file", "archived_at")
    op.drop_column("case_file", "end_reason")
    op.drop_index(
        "one_open_rectification", table_name="rectification", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index("ix_rectification_case_number", table_name="rectification")
    op.drop_table("rectification")
    op.drop_index("post_check_open", table_name="post_check", postgresql_where=sa.text("passed IS NOT TRUE"))
    op.drop_index("ix_post_check_case_number", table_name="post_check")
    op.drop_table("post_check")
    op.drop_index(
        "opinion_open",
        table_name="opinion",
        postgresql_where=sa.text("answered_at IS NULL AND cancelled_at IS NULL"),
    )
    op.drop_index("ix_opinion_case_number", table_name="opinion")
    op.drop_table("opinion")
    op.drop_index("ix_gap_case_number", table_name="gap")
    op.drop_index("gap_told", table_name="gap", postgresql_where=sa.text("notice_number IS NOT NULL"))
    op.drop_index("gap_untold", table_name="gap", postgresql_where=sa.text("notice_number IS NULL"))
    op.drop_table("gap")
    op.drop_table("supplement_notice")
    op.drop_index(
        "gathering_ahead",
        table_name="gathering",
        postgresql_where=sa.text("held_at IS NULL AND cancelled_at IS NULL"),
    )
    op.drop_index("ix_gathering_case_number", table_name="gathering")
    op.drop_table("gathering")
    op.drop_index("delivery_on_the_way", table_name="delivery")
    op.drop_index("clock_delivery_open", table_name="clock")
    op.drop_index("ix_delivery_case_number", table_name="delivery")
    op.drop_table("delivery")
    op.drop_index("delegation_of_stand_in", table_name="delegation")
    op.drop_table("delegation")
    op.drop_index("ix_api_token_username", table_name="api_token")
    op.drop_table("api_token")
    for (table, column), (before, _) in WORDS.items():
        _words(table, column, before)
    op.create_check_constraint("decided_with_moment", "item", DECIDED.format("'granted', 'refused'"))
    _index_desk(OPEN[0])


def _forget_clocks_the_earlier_version_has_no_place_for() -> None:
    """Kinds it does not know, and all but the latest of a kind that a case has had more than once."""
    gone = """
        SELECT id FROM (
            SELECT id, kind, row_number() OVER (
                PARTITION BY case_number, item_number, kind ORDER BY started_at DESC, id) AS place
            FROM clock) AS ranked
        WHERE kind NOT IN ('notice', 'promised', 'statutory', 'delivery', 'step')
           OR (kind <> 'step' AND place > 1)
    """
    op.execute(f"DELETE FROM fired_rung WHERE clock_id IN ({gone})")  # noqa: S608  our own words
    op.execute(f"DELETE FROM card WHERE clock_id IN ({gone})")  # noqa: S608
    op.execute(f"DELETE FROM clock WHERE id IN ({gone})")  # noqa: S608


def _add(table: str, column: sa.Column, default: str) -> None:  # type: ignore[type-arg]
    """A new column with a value for the rows that are there, and no default for those to come."""
    column.server_default = sa.DefaultClause(sa.text(default))
    op.add_column(table, column)
    op.alter_column(table, column.name, server_default=None)


def _words(table: str, column: str, words: list[str]) -> None:
    op.drop_constraint(f"{column}_is_known", table, type_="check")
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(f"{column}_is_known", table, f"{column} IN ({listed})")


def _index_desk(states: str) -> None:
    where = sa.text(f"state IN ({states})")
    op.create_index("item_open_at_desk", "item", ["department_code", "due_on"], postgresql_where=where)
