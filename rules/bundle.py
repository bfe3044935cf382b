"""What does a bundle (一件事) consist of? Frozen values, filled from YAML by config.catalogue."""

from dataclasses import dataclass, field

from rules.named import Named
from rules.retention import Retention
from rules.states import DeskStep
from rules.thresholds import Thresholds


class Unit(Named):
    """期限单位. HOUR counts office hours; IMMEDIATE is 即办."""

    WORKING_DAY = "working_day", "个工作日"
    CALENDAR_DAY = "calendar_day", "个自然日"
    HOUR = "hour", "个工作小时"
    IMMEDIATE = "immediate", "即办"


class Gate(Named):
    """What a successor must wait for: to begin, or only to decide (滨州 2020 art. 16)."""

    START = "start", "前置办结后开始"
    DECISION = "decision", "前置办结后决定"


class OnRefused(Named):
    """What a predecessor's refusal does to its successor."""

    CANCEL = "cancel", "不再办理"
    CONTINUE = "continue", "继续办理"


class Blocks(Named):
    """What an item's refusal stops beyond itself: those that need it, by their own `on_refused`, or all."""

    DEPENDANTS = "dependants", "停止依赖它的事项"
    ALL = "all", "停止全部未办结事项"


class OnSilence(Named):
    """What the applicant's silence leads to; local rules differ, so every bundle says which (domain 1.4, 3.2)."""

    WITHDRAWN = "withdrawn", "视为撤回"
    REFUSED = "refused", "不予"
    ASK = "ask", "由部门决定"


class JoinPolicy(Named):
    """How the departments' decisions become one answer."""

    BEST_EFFORT = "best_effort", "各自发证"
    ALL_GRANTED = "all_granted", "全部准予方可发证"


class Source(Named):
    """材料来源: where a material comes from."""

    APPLICANT = "applicant", "申请人提供"
    E_LICENCE = "e_licence", "电子证照"
    DATA_SHARE = "data_share", "数据共享"
    PREDECESSOR = "predecessor", "前置事项产生"


class QuestionType(Named):
    BOOL = "bool", "是否"
    NUMBER = "number", "数字"
    CHOICE = "choice", "单选"
    TEXT = "text", "文字"


@dataclass(frozen=True)
class Limit:
    """期限. `n` of `unit`; `basis` is an article, `source` says how sure we are ([C] [L] [G] [A])."""

    n: int
    unit: Unit
    basis: str = ""
    source: str = ""
    extend: int = 0  # how many more units the law lets the head of the agency add, once

    @property
    def text(self) -> str:
        return self.unit.label if self.unit is Unit.IMMEDIATE else f"{self.n}{self.unit.label}"


@dataclass(frozen=True)
class Choice:
    value: str
    text: str


@dataclass(frozen=True)
class Question:
    """情形引导: a plain-language question whose answer chooses items and materials."""

    id: str
    text: str
    type: QuestionType
    default: bool | int | float | str
    choices: tuple[Choice, ...] = ()
    help: str = ""
    when: str = ""  # asked only when this condition holds
    least: int = 0  # the smallest number that can be true


@dataclass(frozen=True)
class Need:
    """A dependency on another item of the same bundle."""

    item: str
    gate: Gate = Gate.START
    on_refused: OnRefused = OnRefused.CANCEL
    when: str = ""  # the dependency holds only when this condition does


@dataclass(frozen=True)
class Special:
    """特别程序 the item may use, and which clocks it stops (行政许可法 art. 45)."""

    kind: str
    stops_statutory: bool
    stops_promised: bool


@dataclass(frozen=True)
class Mode:
    """告知承诺: when the condition holds the item is decided on a written commitment and checked later."""

    when: str
    post_check_wd: int = 30
    promise: Limit | None = None


@dataclass(frozen=True)
class Automatic:
    """秒批: when the condition on the answers holds the item is granted by rule, at once; never refused by rule."""

    when: str
    basis: str  # who decided that a rule may decide
    source: str = ""


@dataclass(frozen=True)
class Supplement:
    """一次性告知: how long departments may list gaps, the applicant may take, and what silence leads to."""

    window: Limit = Limit(2, Unit.WORKING_DAY, source="assumption")  # for departments, from receipt
    answer: Limit = Limit(15, Unit.WORKING_DAY, source="assumption")  # for the applicant, from the notice
    silence: OnSilence = OnSilence.ASK
    source: str = ""  # who says what silence leads to


@dataclass(frozen=True)
class Guide:
    """办事指南: what everybody is told besides items and materials (行政许可法 art. 30); '' is missing."""

    fee: str = ""
    place: str = ""
    supervision_phone: str = ""
    responsible: str = ""  # a post, not a name: people change
    source: str = ""


@dataclass(frozen=True)
class Publication:
    """结果公开: may everybody read the grants (行政许可法 art. 40), and why or why not?"""

    public: bool = False
    reason: str = ""


@dataclass(frozen=True)
class ItemSpec:
    """事项: one department's part of the bundle."""

    code: str
    name: str
    department: str  # code in config/departments.yaml
    item_type: str  # GB/T 39046-2020 A.1
    project_type: str  # GB/T 39046-2020 A.6: 1 即办件, 2 承诺件, 9 其他
    promise: Limit
    legal: Limit | None = None  # None: no limit in law was found
    when: str = ""  # the item is called for only when this condition on the answers holds
    needs: tuple[Need, ...] = ()
    materials: tuple[str, ...] = ()
    special: tuple[Special, ...] = ()
    commitment: Mode | None = None
    result: str = ""  # the certificate or record produced
    result_validity_years: int | None = None
    basis: str = ""  # the article that establishes the item, for the guide (art. 30)
    conditions: tuple[str, ...] = ()  # 受理条件, for the guide
    fee: str = "不收费"
    notice_period: Limit | None = None  # 公示期: the law makes the item last at least so long
    automatic: Automatic | None = None
    silence: Limit | None = None  # 逾期未异议视为同意: only with the article that says so
    blocks: Blocks = Blocks.DEPENDANTS
    steps: tuple[DeskStep, ...] = (DeskStep.APPROVE,)  # the last one decides
    visit: bool = False  # needs a site visit: one joint visit serves all such items of a case
    rectify: Limit | None = None  # 联合验收: what does not pass may be put right and inspected again
    note: str = ""


@dataclass(frozen=True)
class MaterialSpec:
    """材料, collected once and used by every item that names it."""

    id: str
    name: str
    source: Source
    deferrable: bool = False  # 容缺: may be supplied after acceptance; gates the grant only
    defer_days: int = 0  # working days
    core: bool = False  # core and safety papers are never deferrable
    from_item: str = ""  # for Source.PREDECESSOR: the item whose result this is
    when: str = ""
    note: str = ""


@dataclass(frozen=True)
class Bundle:
    """一件事: one form, one set of materials, several departments, one answer."""

    code: str
    slug: str  # English name in prefect.yaml and URLs: open-a-restaurant
    name: str
    lead_department: str
    joint_licence: bool  # 行政许可法 art. 26: joint handling, 45 (+15) working days
    promise: Limit
    join: JoinPolicy
    items: tuple[ItemSpec, ...]
    materials: tuple[MaterialSpec, ...]
    questions: tuple[Question, ...] = ()
    legal: Limit | None = None
    audience: tuple[str, ...] = ("person", "organisation")  # who may apply
    summary: str = ""
    sources: tuple[str, ...] = ()
    messages: dict[str, dict[str, str]] = field(default_factory=dict)  # event -> {"sms": ..., "subject": ...}
    supplement: Supplement = field(default_factory=Supplement)
    deferral_silence: OnSilence = OnSilence.ASK  # 容缺: what a promised paper that never comes leads to
    considerate: bool = False  # B6: wording for the bereaved
    guide: Guide = field(default_factory=Guide)
    publication: Publication = field(default_factory=Publication)
    retention: Retention = field(default_factory=Retention)  # how long personal data is kept after archiving
    supervision: Thresholds = field(default_factory=Thresholds)  # how early supervision warns

    def item(self, code: str) -> ItemSpec:
        return next(item for item in self.items if item.code == code)

    def material(self, material_id: str) -> MaterialSpec:
        return next(material for material in self.materials if material.id == material_id)
