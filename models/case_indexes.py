"""By what are cases looked up? Each index says who asks."""

from sqlalchemy import Index, text

CONCLUDED = "concluded_at IS NOT NULL"

INDEXES = (
    # What the conductor asks: which cases are due for a look?
    Index("case_file_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),
    # What the conductor asks: whose lease has lapsed?
    Index("case_file_lease", "lease_until", postgresql_where=text("lease_until IS NOT NULL")),
    # What the manager's list asks: the newest first, by state
    Index("case_file_by_state", "state", "submitted_at"),
    Index("case_file_by_applicant", "identity_hash"),
    Index("case_file_newest", "submitted_at"),
    # What a forecast asks: how long did the last ones of this bundle take?
    Index("case_file_concluded_of", "bundle_code", "concluded_at", postgresql_where=text(CONCLUDED)),
    # What the manager's home asks: what is overdue, what falls due, of which bundle?
    Index(
        "case_file_open_due",
        "promised_due_on",
        "bundle_code",
        postgresql_where=text("state = 'accepted'"),
    ),
    # What the manager's list asks: the most urgent first, then what came last?
    Index(
        "case_file_urgent",
        text("(CASE WHEN state = 'accepted' THEN promised_due_on END)"),
        text("submitted_at DESC"),
        text("number DESC"),
    ),
    # What the figures ask: which were concluded on this day?
    Index("case_file_concluded", "concluded_at", postgresql_where=text("concluded_at IS NOT NULL")),
    # What is stuck, and needs a person?
    Index("case_file_failing", "failures", postgresql_where=text("failures > 0")),
    # What the search box asks: whose name begins so, which number ends so, who has this number?
    Index("case_file_by_name", text("lower(applicant_name) text_pattern_ops")),
    Index(
        "case_file_by_contact_name",
        text("lower(contact_name) text_pattern_ops"),
        postgresql_where=text("contact_name <> ''"),
    ),
    Index(
        "case_file_by_agent_name",
        text("lower(agent_name) text_pattern_ops"),
        postgresql_where=text("agent_name <> ''"),
    ),
    Index("case_file_by_tail", text("reverse(number) text_pattern_ops")),
    Index("case_file_by_phone", "phone_hash"),
    Index("case_file_by_agent", "agent_identity_hash", postgresql_where=text("agent_identity_hash <> ''")),
    Index("case_file_by_agent_phone", "agent_phone_hash", postgresql_where=text("agent_phone_hash <> ''")),
    # What the clerk asks: which cases before acceptance do I look after?
    Index(
        "case_file_at_window",
        "window_clerk",
        "submitted_at",
        postgresql_where=text("state IN ('submitted', 'correction')"),
    ),
    # What retention asks: what was put away long ago, and still holds personal data?
    Index(
        "case_file_to_erase",
        "archived_at",
        postgresql_where=text("archived_at IS NOT NULL AND erased_at IS NULL"),
    ),
)
