"""Which states are there, and which act leads from one to the next? The one table of transitions."""

from rules.errors import WrongState
from rules.named import Named


class CaseState(Named):
    """主件（一件事办件）的状态。"""

    SUBMITTED = "submitted", "已收件"
    CORRECTION = "correction", "待补正"
    NOT_ACCEPTED = "not_accepted", "不予受理"
    ACCEPTED = "accepted", "办理中"
    CONCLUDED = "concluded", "已办结"
    WITHDRAWN = "withdrawn", "已撤回"
    VOID = "void", "已作废"


class ItemState(Named):
    """子件（一个部门的一个事项）的状态。"""

    PENDING = "pending", "待受理"
    WAITING = "waiting", "待前置结果"
    IN_REVIEW = "in_review", "办理中"
    SPECIAL = "special", "特别程序中"
    RECTIFYING = "rectifying", "整改中"
    GRANTED = "granted", "准予"
    REFUSED = "refused", "不予"
    TRANSFERRED = "transferred", "转报办结"
    REVOKED = "revoked", "已撤销"
    WITHDRAWN = "withdrawn", "已撤回"
    NOT_NEEDED = "not_needed", "无需办理"
    DROPPED = "dropped", "已减除"


class Outcome(Named):
    """一件事的联合结论。"""

    ALL_GRANTED = "all_granted", "全部准予"
    PARTLY_GRANTED = "partly_granted", "部分准予"
    ALL_REFUSED = "all_refused", "全部不予"
    TRANSFERRED = "transferred", "转报办结"


class DeskStep(Named):
    """部门内部的办理环节 (domain 2.3, codes 1/2/3). The decision is taken in the last one the item has."""

    HANDLE = "handle", "承办"
    REVIEW = "review", "审核"
    APPROVE = "approve", "批准"


class Lane(Named):
    """决定方式：how a decision came about."""

    PERSON = "person", "人工决定"
    RULE = "rule", "秒批"
    COMMITMENT = "commitment", "告知承诺"
    SILENCE = "silence", "逾期未异议视为同意"


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
    # Before acceptance: 一次性告知
    LIST_GAP = "list_gap", "提出缺件"
    DROP_GAP = "drop_gap", "撤销缺件"
    ASK_SUPPLEMENT = "ask_supplement", "补正告知"
    ANSWER_GAP = "answer_gap", "提交补正"
    CLOSE_SUPPLEMENT = "close_supplement", "补正齐全"
    LAPSE_SUPPLEMENT = "lapse_supplement", "补正逾期"
    # Fast lanes and other outcomes
    TRANSFER = "transfer", "转报"
    ASK_HUMAN = "ask_human", "申请人工办理"
    POST_CHECK = "post_check", "事后核查"
    REVOKE = "revoke", "撤销"
    REMIND = "remind", "提醒"
    LAPSE_DEFERRAL = "lapse_deferral", "容缺逾期"
    # Between departments
    REASSIGN = "reassign", "转办"
    CLAIM = "claim", "领办"
    RELEASE = "release", "放回"
    PASS_ON = "pass_on", "报送下一环节"
    SEND_BACK = "send_back", "退回上一环节"
    ASK_OPINION = "ask_opinion", "征求意见"
    GIVE_OPINION = "give_opinion", "反馈意见"
    CANCEL_OPINION = "cancel_opinion", "撤销征求意见"
    DELEGATE = "delegate", "委托代办"
    URGE = "urge", "督办"
    ARRANGE_VISIT = "arrange_visit", "安排联合踏勘"
    RECORD_VISIT = "record_visit", "记录联合踏勘"
    CANCEL_VISIT = "cancel_visit", "取消联合踏勘"
    ARRANGE_MEETING = "arrange_meeting", "安排联合会审"
    RECORD_MEETING = "record_meeting", "记录联合会审"
    CANCEL_MEETING = "cancel_meeting", "取消联合会审"
    REQUIRE_RECTIFICATION = "require_rectification", "责令整改"
    REINSPECT = "reinspect", "复验"
    # On a live case
    WITHDRAW = "withdraw", "撤回"
    VOID = "void", "作废"
    CORRECT = "correct", "更正"
    ADD_ITEM = "add_item", "增加事项"
    DROP_ITEM = "drop_item", "减少事项"
    REOPEN = "reopen", "重新办理"
    MOVE_VERSION = "move_version", "迁移版本"
    # Delivery and after
    SHIP = "ship", "寄出"
    RETURNED = "returned", "退件"
    ARCHIVE = "archive", "归档"
    # Telling people
    CONFIRM_NOTICE = "confirm_notice", "核实通知"
    RESEND_NOTICE = "resend_notice", "重发通知"
    CALL = "call", "电话联系"
    CHOOSE_WAY = "choose_way", "选择领取方式"
    # The file itself
    VIEW = "view", "查看完整信息"
    ERASE = "erase", "清除个人信息"


ITEM_OPEN_AT_DESK = frozenset({ItemState.IN_REVIEW, ItemState.SPECIAL, ItemState.RECTIFYING})
ITEM_OPEN = ITEM_OPEN_AT_DESK | {ItemState.PENDING, ItemState.WAITING}
ITEM_DECIDED = frozenset({ItemState.GRANTED, ItemState.REFUSED, ItemState.TRANSFERRED, ItemState.REVOKED})
ITEM_FINAL = ITEM_DECIDED | {ItemState.WITHDRAWN, ItemState.NOT_NEEDED, ItemState.DROPPED}
BEFORE_ACCEPTANCE = frozenset({CaseState.SUBMITTED, CaseState.CORRECTION})
CASE_CLOSED = frozenset({CaseState.NOT_ACCEPTED, CaseState.CONCLUDED, CaseState.WITHDRAWN, CaseState.VOID})

# 归档: the case is put away. What was found, and what was told, may still be settled; only a review opens it.
AFTER_ARCHIVING = frozenset(
    {
        Act.REOPEN,
        Act.EXPLAIN_CARD,
        Act.CLOSE_CARD,
        Act.CONFIRM_NOTICE,
        Act.RESEND_NOTICE,
        Act.CALL,
        Act.ERASE,
    }
)

CASE_TRANSITIONS: dict[tuple[CaseState, Act], CaseState] = {
    (CaseState.SUBMITTED, Act.ACCEPT): CaseState.ACCEPTED,
    (CaseState.SUBMITTED, Act.DEEM_ACCEPTED): CaseState.ACCEPTED,
    (CaseState.SUBMITTED, Act.DECLINE): CaseState.NOT_ACCEPTED,
    (CaseState.SUBMITTED, Act.ASK_SUPPLEMENT): CaseState.CORRECTION,
    (CaseState.CORRECTION, Act.CLOSE_SUPPLEMENT): CaseState.SUBMITTED,
    (CaseState.CORRECTION, Act.DECLINE): CaseState.NOT_ACCEPTED,
    (CaseState.SUBMITTED, Act.WITHDRAW): CaseState.WITHDRAWN,
    (CaseState.CORRECTION, Act.WITHDRAW): CaseState.WITHDRAWN,
    (CaseState.ACCEPTED, Act.WITHDRAW): CaseState.WITHDRAWN,
    (CaseState.SUBMITTED, Act.VOID): CaseState.VOID,
    (CaseState.CORRECTION, Act.VOID): CaseState.VOID,
    (CaseState.ACCEPTED, Act.VOID): CaseState.VOID,
    (CaseState.ACCEPTED, Act.CONCLUDE): CaseState.CONCLUDED,
    (CaseState.CONCLUDED, Act.REOPEN): CaseState.ACCEPTED,
}

ITEM_TRANSITIONS: dict[tuple[ItemState, Act], ItemState] = {
    (ItemState.PENDING, Act.HAND_OVER): ItemState.IN_REVIEW,
    (ItemState.PENDING, Act.HOLD): ItemState.WAITING,
    (ItemState.WAITING, Act.HAND_OVER): ItemState.IN_REVIEW,
    (ItemState.IN_REVIEW, Act.GRANT): ItemState.GRANTED,
    (ItemState.IN_REVIEW, Act.REFUSE): ItemState.REFUSED,
    (ItemState.IN_REVIEW, Act.START_SPECIAL): ItemState.SPECIAL,
    (ItemState.SPECIAL, Act.END_SPECIAL): ItemState.IN_REVIEW,
    (ItemState.IN_REVIEW, Act.TRANSFER): ItemState.TRANSFERRED,
    (ItemState.IN_REVIEW, Act.REQUIRE_RECTIFICATION): ItemState.RECTIFYING,
    (ItemState.RECTIFYING, Act.REINSPECT): ItemState.IN_REVIEW,
    (ItemState.GRANTED, Act.REVOKE): ItemState.REVOKED,
    (ItemState.GRANTED, Act.ASK_HUMAN): ItemState.IN_REVIEW,
    (ItemState.REFUSED, Act.ASK_HUMAN): ItemState.IN_REVIEW,
    (ItemState.GRANTED, Act.REOPEN): ItemState.IN_REVIEW,
    (ItemState.REFUSED, Act.REOPEN): ItemState.IN_REVIEW,
    (ItemState.REVOKED, Act.REOPEN): ItemState.IN_REVIEW,
    (ItemState.TRANSFERRED, Act.REOPEN): ItemState.IN_REVIEW,
    (ItemState.NOT_NEEDED, Act.REOPEN): ItemState.PENDING,
    (ItemState.DROPPED, Act.ADD_ITEM): ItemState.PENDING,
    **{(state, Act.STOP): ItemState.NOT_NEEDED for state in ITEM_OPEN},
    **{(state, Act.WITHDRAW): ItemState.WITHDRAWN for state in ITEM_OPEN},
    **{(state, Act.DROP_ITEM): ItemState.DROPPED for state in ITEM_OPEN},
}


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
