"""Which states are there, and which act leads from one to the next? The one table of transitions."""

from rules.errors import WrongState
from rules.named import Named


class CaseState(Named):
    """主件（一件事办件）的状态。"""

    SUBMITTED = "submitted", "已收件"
    NOT_ACCEPTED = "not_accepted", "不予受理"
    ACCEPTED = "accepted", "办理中"
    CONCLUDED = "concluded", "已办结"


class ItemState(Named):
    """子件（一个部门的一个事项）的状态。"""

    PENDING = "pending", "待受理"
    WAITING = "waiting", "待前置结果"
    IN_REVIEW = "in_review", "办理中"
    SPECIAL = "special", "特别程序中"
    GRANTED = "granted", "准予"
    REFUSED = "refused", "不予"
    NOT_NEEDED = "not_needed", "无需办理"


class Outcome(Named):
    """一件事的联合结论。"""

    ALL_GRANTED = "all_granted", "全部准予"
    PARTLY_GRANTED = "partly_granted", "部分准予"
    ALL_REFUSED = "all_refused", "全部不予"


class Act(Named):
    """办理动作：what people, the rules and the clock do. Stored in the audit."""

    SUBMIT = "submit", "收件"
    ACCEPT = "accept", "受理"
    DECLINE = "decline", "不予受理"
    HAND_OVER = "hand_over", "分办"
    HOLD = "hold", "等待前置结果"
    GRANT = "grant", "准予"
    REFUSE = "refuse", "不予"
    STOP = "stop", "无需办理"
    CONCLUDE = "conclude", "办结"
    ISSUE = "issue", "制证"
    DELIVER = "deliver", "送达"
    SUPPLY = "supply", "补交材料"
    START_SPECIAL = "start_special", "启动特别程序"
    END_SPECIAL = "end_special", "结束特别程序"
    EXTEND = "extend", "延长审批"
    DEEM_ACCEPTED = "deem_accepted", "视为受理"
    CARD = "card", "监察预警"
    EXPLAIN_CARD = "explain_card", "监察说明"
    CLOSE_CARD = "close_card", "监察销号"
    RECALCULATE = "recalculate", "期限重算"


CASE_TRANSITIONS: dict[tuple[CaseState, Act], CaseState] = {
    (CaseState.SUBMITTED, Act.ACCEPT): CaseState.ACCEPTED,
    (CaseState.SUBMITTED, Act.DEEM_ACCEPTED): CaseState.ACCEPTED,
    (CaseState.SUBMITTED, Act.DECLINE): CaseState.NOT_ACCEPTED,
    (CaseState.ACCEPTED, Act.CONCLUDE): CaseState.CONCLUDED,
}

ITEM_TRANSITIONS: dict[tuple[ItemState, Act], ItemState] = {
    (ItemState.PENDING, Act.HAND_OVER): ItemState.IN_REVIEW,
    (ItemState.PENDING, Act.HOLD): ItemState.WAITING,
    (ItemState.WAITING, Act.HAND_OVER): ItemState.IN_REVIEW,
    (ItemState.IN_REVIEW, Act.GRANT): ItemState.GRANTED,
    (ItemState.IN_REVIEW, Act.REFUSE): ItemState.REFUSED,
    (ItemState.IN_REVIEW, Act.START_SPECIAL): ItemState.SPECIAL,
    (ItemState.SPECIAL, Act.END_SPECIAL): ItemState.IN_REVIEW,
    (ItemState.PENDING, Act.STOP): ItemState.NOT_NEEDED,
    (ItemState.WAITING, Act.STOP): ItemState.NOT_NEEDED,
    (ItemState.IN_REVIEW, Act.STOP): ItemState.NOT_NEEDED,
}

CASE_CLOSED = frozenset({CaseState.NOT_ACCEPTED, CaseState.CONCLUDED})
ITEM_DECIDED = frozenset({ItemState.GRANTED, ItemState.REFUSED})
ITEM_FINAL = ITEM_DECIDED | {ItemState.NOT_NEEDED}
ITEM_OPEN_AT_DESK = frozenset({ItemState.IN_REVIEW, ItemState.SPECIAL})


def case_after(state: CaseState, act: Act) -> CaseState:
    """The state that follows, or WrongState with a sentence naming both."""
    try:
        return CASE_TRANSITIONS[state, act]
    except KeyError:
        raise WrongState(f"办件状态为“{state.label}”，不能{act.label}。") from None


def item_after(state: ItemState, act: Act) -> ItemState:
    """The state that follows, or WrongState with a sentence naming both."""
    try:
        return ITEM_TRANSITIONS[state, act]
    except KeyError:
        raise WrongState(f"事项状态为“{state.label}”，不能{act.label}。") from None
