"""办件: the case, its items (子件) and materials, and the questions the acts ask of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Column, Index, Sequence, UniqueConstraint, bindparam, text
from sqlmodel import Field, Session, SQLModel, col, select

from models.case_indexes import INDEXES
from models.columns import Code, document, hashed, moment, one_of, sealed
from models.columns import code as coded
from models.table import Table
from rules.errors import NotFound
from rules.material import MaterialState
from rules.people import ApplicantKind, ApplyChannel, ToldBy
from rules.states import (
    ITEM_DECIDED,
    ITEM_OPEN_AT_DESK,
    CaseState,
    DeskStep,
    ItemState,
    Lane,
    Outcome,
)

DECIDED = ", ".join(sorted(f"'{state.value}'" for state in ITEM_DECIDED))
OPEN_AT_DESK = ", ".join(sorted(f"'{state.value}'" for state in ITEM_OPEN_AT_DESK))
SAME_DAY = "(promised_due_on = CAST(timezone('Asia/Shanghai', handed_over_at) AS date)) IS TRUE"

# Case numbers never collide, however many windows submit at once: one sequence for all, no lock. It
# wraps after 999,999; a day never sees that many cases, and the number carries the day.
case_serial = Sequence("case_serial", maxvalue=999_999, cycle=True, metadata=SQLModel.metadata)


class Case(Table, table=True):
    """主件. The row is the one lock of everything that belongs to the case."""

    __tablename__ = "case_file"
    __table_args__ = (
        one_of("state", CaseState),
        one_of("outcome", Outcome),
        one_of("applicant_kind", ApplicantKind),
        one_of("told_by", ToldBy),
        one_of("apply_channel", ApplyChannel),
        CheckConstraint("(outcome IS NULL) = (concluded_at IS NULL)", name="concluded_with_outcome"),
        *INDEXES,
    )

    number: str = Field(primary_key=True, max_length=50)
    query_code: str = Field(max_length=16)
    submission_key: str = Field(unique=True, max_length=64)  # one form is one case, however often it is sent
    bundle_code: str = Field(max_length=16)
    bundle_digest: str = Field(foreign_key="bundle_version.digest", max_length=64)
    state: CaseState = Field(sa_column=coded(CaseState))
    outcome: Outcome | None = Field(default=None, sa_column=coded(Outcome, nullable=True))

    applicant_kind: ApplicantKind = Field(sa_column=coded(ApplicantKind))
    applicant_name: str = Field(max_length=200)
    applicant_id_number: str = Field(
        sa_column=sealed("case_file.applicant_id_number", "identity_hash", "identity")
    )
    contact_name: str = Field(default="", max_length=100)
    phone: str = Field(default="", sa_column=sealed("case_file.phone", "phone_hash", "phone"))
    email: str = Field(default="", sa_column=sealed("case_file.email"))
    address: str = Field(default="", sa_column=sealed("case_file.address"))
    told_by: ToldBy = Field(default=ToldBy.BOTH, sa_column=coded(ToldBy))  # what the applicant prefers
    agent_name: str = Field(default="", max_length=100)
    agent_id_number: str = Field(
        default="", sa_column=sealed("case_file.agent_id_number", "agent_identity_hash", "identity")
    )
    agent_phone: str = Field(
        default="", sa_column=sealed("case_file.agent_phone", "agent_phone_hash", "phone")
    )
    agent_authority: str = Field(default="", max_length=200)  # 授权依据: what lets the agent act
    # What the sealed ones are found by.
    identity_hash: str = Field(default="", sa_column=hashed())
    phone_hash: str = Field(default="", sa_column=hashed())
    agent_identity_hash: str = Field(default="", sa_column=hashed())
    agent_phone_hash: str = Field(default="", sa_column=hashed())
    answers: dict[str, Any] = Field(sa_column=document())
    # 行政区划: of the window where it came in, never changed; '' is the whole installation's.
    district: str = Field(default="", max_length=9, sa_column_kwargs={"server_default": ""})
    submitted_by: str = Field(max_length=50)  # the account at the window, or 'applicant'
    window_clerk: str = Field(default="", max_length=50)  # who at the window has it; '' came online
    apply_channel: ApplyChannel = Field(
        default=ApplyChannel.WINDOW,
        sa_column=Column(Code(ApplyChannel), server_default="window", nullable=False),
    )

    submitted_at: datetime = Field(sa_column=moment(nullable=False))
    complete_at: datetime | None = Field(default=None, sa_column=moment())  # nothing was missing any more
    accepted_at: datetime | None = Field(default=None, sa_column=moment())
    decline_reason: str = Field(default="", max_length=2000)
    legal_due_on: date | None = None  # derived by rules.clock; kept as an index only
    promised_due_on: date | None = None
    due_provisional: bool = False
    concluded_at: datetime | None = Field(default=None, sa_column=moment())
    reopened_at: datetime | None = Field(default=None, sa_column=moment())  # 重新办理: the latest time
    issued_at: datetime | None = Field(default=None, sa_column=moment())
    delivered_at: datetime | None = Field(default=None, sa_column=moment())  # every result has arrived
    end_reason: str = Field(default="", max_length=2000)  # of a withdrawal or of declaring it void
    archived_at: datetime | None = Field(default=None, sa_column=moment())
    erased_at: datetime | None = Field(default=None, sa_column=moment())  # 清除个人信息: retention is over

    look_at: datetime | None = Field(default=None, sa_column=moment())  # when must a pass look again?
    notice_count: int = 0  # notices leave in this order
    revision: int = 0  # grows with every act, so that a pass knows whether it has seen the latest
    # The chain of the file: how many entries there are, and the hash of the last (docs/audit.md).
    audit_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    audit_head: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    asked_at: datetime | None = Field(
        default=None, sa_column=moment()
    )  # the conductor asked Prefect for a pass
    lease_holder: str | None = Field(default=None, max_length=100)
    lease_until: datetime | None = Field(default=None, sa_column=moment())
    failures: int = 0
    failure: str = Field(default="", max_length=1000)
    flow_run_id: UUID | None = Field(default=None, index=True)


class Item(Table, table=True):
    """子件: one department's part of a case."""

    __tablename__ = "item"
    __table_args__ = (
        one_of("state", ItemState),
        one_of("shown", ItemState),
        one_of("step", DeskStep),
        one_of("lane", Lane),
        UniqueConstraint("case_number", "code", name="item_once_a_case"),
        CheckConstraint(f"(state IN ({DECIDED})) = (decided_at IS NOT NULL)", name="decided_with_moment"),
        # What a department's desk asks: what is open here, the most urgent first; whose is it, and of which item?
        Index(
            "item_open_at_desk",
            "department_code",
            text(f"({SAME_DAY}) DESC"),
            "due_on",
            "handed_over_at",
            "number",
            postgresql_where=text(f"state IN ({OPEN_AT_DESK})"),
            postgresql_include=["assignee", "code", "name"],
        ),
        # What managers ask: what is open anywhere, the most urgent first; and how much of it with whom?
        Index(
            "item_open_due",
            "due_on",
            "number",
            postgresql_where=text(f"state IN ({OPEN_AT_DESK})"),
            postgresql_include=["department_code"],
        ),
        # What the window asks: which results have been made? (待发放)
        Index(
            "item_result_made",
            "number",
            postgresql_where=text("state = 'granted' AND result_number <> ''"),
        ),
        Index("item_done_at_desk", "department_code", "decided_at"),
        # What it also asks: what will come once others have decided?
        Index("item_held_for_desk", "department_code", "number", postgresql_where=text("state = 'waiting'")),
        # What lists of cases ask: which have an item of this department?
        Index("item_of_department", "department_code", "case_number"),
        # What a department asks before acceptance: which cases can we still look through? (预审)
        Index(
            "item_before_acceptance",
            "department_code",
            "case_number",
            postgresql_where=text("state = 'pending'"),
        ),
        # What the daily digest asks: what has been urged?
        Index("item_urged", "urged_at", postgresql_where=text("urged_at IS NOT NULL")),
        # What the conductor asks: where does Prefect show something else than the record?
        Index(
            "item_out_of_step",
            "number",
            postgresql_where=text("task_run_id IS NOT NULL AND shown IS DISTINCT FROM state"),
        ),
        # What it also asks: what was Prefect told that has still to be seen there?
        Index("item_told", "told_at", postgresql_where=text("told_at IS NOT NULL")),
    )

    number: str = Field(primary_key=True, max_length=54)  # "<case>-02"
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    code: str = Field(max_length=16)  # of the bundle: B1-2
    name: str = Field(max_length=200)
    department_code: str = Field(foreign_key="department.code", max_length=32)
    state: ItemState = Field(sa_column=coded(ItemState))
    handed_over_at: datetime | None = Field(default=None, sa_column=moment())
    decided_at: datetime | None = Field(default=None, sa_column=moment())
    decided_by: str = Field(default="", max_length=50)
    reason: str = Field(default="", max_length=2000)  # of a refusal, or why it is no longer needed
    lane: Lane | None = Field(
        default=None, sa_column=coded(Lane, nullable=True)
    )  # how the decision came about
    conditions: str = Field(default="", max_length=2000)  # 附条件准予: under which conditions
    conditions_until: date | None = None  # and until when they must be met
    transferred_to: str = Field(default="", max_length=200)  # 转报: which authority has it now
    step: DeskStep = Field(default=DeskStep.APPROVE, sa_column=coded(DeskStep))  # where inside the department
    assignee: str = Field(default="", max_length=50)  # who has claimed it; '' is on the desk for all
    handled_by: str = Field(default="", max_length=50)  # who passed it on first; another one reviews it
    urged_at: datetime | None = Field(default=None, sa_column=moment())  # 督办: the latest time
    added: bool = False  # not called for by the answers, but added on the live case
    legal_due_on: date | None = None
    promised_due_on: date | None = None
    due_on: date | None = None  # the earlier of the two: what the desk works to
    due_provisional: bool = False
    result_number: str = Field(default="", max_length=100)  # the certificate, once issued
    shown: ItemState | None = Field(
        default=None, sa_column=coded(ItemState, nullable=True)
    )  # what Prefect was told
    told_at: datetime | None = Field(default=None, sa_column=moment())  # when, until it was seen there
    task_run_id: UUID | None = None


class Material(Table, table=True):
    """材料: collected once for the case, used by every item that names it."""

    __tablename__ = "material"
    __table_args__ = (
        one_of("state", MaterialState),
        UniqueConstraint("case_number", "spec_id", "version", name="material_version_once"),
        # What the window asks: which promised papers (容缺) are due?
        Index("material_deferred", "promised_on", postgresql_where=text("state = 'deferred'")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    spec_id: str = Field(max_length=32)
    name: str = Field(max_length=200)
    state: MaterialState = Field(sa_column=coded(MaterialState))
    version: int = 1
    promised_on: date | None = None  # 容缺: when the applicant promised to bring it
    file_name: str = Field(default="", max_length=255)
    stored_as: str = Field(
        default="", max_length=100
    )  # below the uploads folder; the applicant's name is never a path
    media_type: str = Field(default="", max_length=100)
    size: int = 0  # bytes
    sha256: str = Field(default="", max_length=64)
    supplied_at: datetime | None = Field(default=None, sa_column=moment())
    origin: str = Field(default="", max_length=60)  # reused: the earlier case, or the certificate's number


# What every act asks, put together once: that alone is a tenth of what such a question costs.
_ANEW = {"populate_existing": True}
_THIS: Any = bindparam("number")
_LOCKED = select(Case).where(Case.number == _THIS).with_for_update().execution_options(**_ANEW)
_ITEMS = select(Item).where(Item.case_number == _THIS).order_by(col(Item.number)).execution_options(**_ANEW)
_MATERIALS = select(Material).where(Material.case_number == _THIS).distinct(col(Material.spec_id))
_MATERIALS = _MATERIALS.order_by(col(Material.spec_id), col(Material.version).desc())


def next_serial(session: Session) -> int:
    """The next running number for a case number."""
    return int(session.execute(case_serial.next_value().select()).scalar_one())


def lock_case(session: Session, number: str) -> Case:
    """The case, locked until the transaction ends; everything else is read after it (docs/locking.md)."""
    case = session.exec(_LOCKED, params={"number": number}).one_or_none()
    if case is None:
        raise NotFound(f"没有编号为 {number} 的办件。")
    return case


def find_case(session: Session, number: str) -> Case:
    """The case, not locked."""
    case = session.get(Case, number)
    if case is None:
        raise NotFound(f"没有编号为 {number} 的办件。")
    return case


def lock_submission(session: Session, key: str) -> None:
    """Let two clicks on the same form come one after the other."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def case_of_submission(session: Session, key: str) -> Case | None:
    """The case that this very form has already become."""
    return session.exec(select(Case).where(Case.submission_key == key)).one_or_none()


def items_of(session: Session, case_number: str) -> list[Item]:
    """The items of a case in the order of the bundle, as they are in the database now."""
    return list(session.exec(_ITEMS, params={"number": case_number}))


def materials_of(session: Session, case_number: str) -> list[Material]:
    """The materials of a case, each in its latest version: what counts."""
    return list(session.exec(_MATERIALS, params={"number": case_number}))


def former_versions(session: Session, case_number: str) -> list[Material]:
    """What was handed in before it was supplied anew (补正), the latest first; nothing is thrown away."""
    latest = {row.id for row in materials_of(session, case_number)}
    query = select(Material).where(Material.case_number == case_number)
    rows = session.exec(query.order_by(col(Material.spec_id), col(Material.version).desc()))
    return [row for row in rows if row.id not in latest]
