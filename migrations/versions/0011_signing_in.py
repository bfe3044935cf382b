"""Second factors, sessions with a place, security events, separate administrators, the city's identity service.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLES = ("clerk", "officer", "head", "government", "manager", "admin")
NEW_ROLES = ("security", "auditor")
KINDS = (
    "sign_in", "failed", "locked", "sign_out", "ended", "second_failed", "recovery_used", "second_on",
    "second_off", "second_reset", "new_codes", "password", "reset", "opened", "closed", "reopened", "unlocked",
    "role", "linked", "provider_refused", "token_made", "token_ended", "export", "denied",
)


def upgrade() -> None:
    _roles((*ROLES, *NEW_ROLES))
    _account()
    _sign_in()
    op.add_column("api_token", sa.Column("only_reads", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("api_token", "only_reads", server_default=None)
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["username"], ["account.username"]),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_index("ix_recovery_code_username", "recovery_code", ["username"])
    op.create_table(
        "provider_visit",
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False),
        sa.Column("back_to", sa.String(2000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash"),
    )
    op.create_index("ix_provider_visit_at", "provider_visit", ["at"])
    _events()


def downgrade() -> None:
    op.drop_table("security_event")
    op.drop_table("provider_visit")
    op.drop_table("recovery_code")
    op.drop_column("api_token", "only_reads")
    op.execute("DELETE FROM sign_in WHERE awaiting")  # without the column they would open the desk
    for name in ("device", "address", "awaiting"):
        op.drop_column("sign_in", name)
    op.drop_constraint("account_identity_key", "account", type_="unique")
    for name in ("identity", "totp_step", "totp_pending", "totp_secret", "password_at", "must_change"):
        op.drop_column("account", name)
    # The separate administrators have no place before: closed, never deleted.
    op.execute("UPDATE account SET role = 'admin', active = false WHERE role IN ('security', 'auditor')")
    _roles(ROLES)


def _roles(words: tuple[str, ...]) -> None:
    op.drop_constraint("role_is_known", "account", type_="check")
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint("role_is_known", "account", f"role IN ({listed})")


def _account() -> None:
    op.add_column("account", sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("account", sa.Column("password_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("account", sa.Column("totp_secret", sa.Text(), nullable=False, server_default=""))
    op.add_column("account", sa.Column("totp_pending", sa.Text(), nullable=False, server_default=""))
    op.add_column("account", sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("account", sa.Column("identity", sa.String(200), nullable=True))
    op.create_unique_constraint("account_identity_key", "account", ["identity"])
    for name in ("must_change", "totp_secret", "totp_pending"):
        op.alter_column("account", name, server_default=None)


def _sign_in() -> None:
    op.add_column("sign_in", sa.Column("awaiting", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("sign_in", sa.Column("address", sa.String(64), nullable=False, server_default=""))
    op.add_column("sign_in", sa.Column("device", sa.String(200), nullable=False, server_default=""))
    for name in ("awaiting", "address", "device"):
        op.alter_column("sign_in", name, server_default=None)


def _events() -> None:
    listed = ", ".join(f"'{word}'" for word in KINDS)
    op.create_table(
        "security_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("actor", sa.String(50), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.CheckConstraint(f"kind IN ({listed})", name="kind_is_known"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("security_event_by_time", "security_event", ["at", "id"])
    op.create_index("security_event_by_person", "security_event", ["username", "at"])
    op.create_index("security_event_by_actor", "security_event", ["actor", "at"])
    op.create_index("security_event_by_kind", "security_event", ["kind", "at"])
