"""What is there to be told? A bundle, the facts of every event, and cases with queued notices."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from models.case import Case, lock_case
from models.database import transaction
from models.notice import Notice, notices_of, queue_notice
from models.version import keep_version
from rules.bundle import Bundle, ItemSpec, JoinPolicy, Limit, OnSilence, Unit
from rules.gaps import SILENCE_SAID
from rules.identifiers import case_number
from rules.notices import Channel, Event
from rules.people import ApplicantKind, ToldBy
from rules.states import CaseState

NUMBER = case_number("000000", "B1", date(2026, 3, 6), 1)
NOON = datetime(2026, 3, 6, 4, tzinfo=UTC)  # Friday 12:00 in the hall

TOLD: Mapping[Event, dict[str, Any]] = {
    Event.RECEIPT: {"bundle": "开办餐饮店", "materials": 7, "owed": [], "query_code": "K7M2PQ9X"},
    Event.ACCEPTED: {
        "departments": ["市场监管", "城市管理", "消防救援", "卫生健康", "烟草专卖"],
        "promised_due_on": "2026-04-03",
        "legal_due_on": "2026-05-13",
        "provisional": False,
        "owed": [],
        "owed_due_on": None,
        "deemed_on": None,
    },
    Event.NOT_ACCEPTED: {"reason": "经营场所不在本辖区，请到示例区办理。"},
    Event.SPECIAL_STARTED: {
        "item": "食品经营许可",
        "kind": "现场核查",
        "days": 10,
        "reason": "需要核查布局",
        "basis": "",
        "stops_statutory": False,
        "stops_promised": False,
    },
    Event.SPECIAL_ENDED: {
        "item": "食品经营许可",
        "kind": "现场核查",
        "due_on": "2026-04-10",
        "provisional": False,
    },
    Event.EXTENDED: {
        "what": "食品经营许可",
        "days": 10,
        "reason": "现场核查须复查",
        "due_on": "2026-04-24",
        "provisional": False,
    },
    Event.DATE_MOVED: {
        "clock": "承诺期限",
        "item": None,
        "yours": False,
        "old": "2027-01-05",
        "new": "2027-01-06",
        "provisional": False,
    },
    Event.ITEM_DECIDED: {
        "item": "公众聚集场所投入使用、营业前消防安全检查",
        "department": "消防救援",
        "granted": False,
        "reason": "疏散通道宽度不足1.4米，且未设置应急照明；请整改后重新申请。",
        "conditions": "",
        "conditions_until": None,
        "transferred_to": "",
        "left": 2,
        "still_with": ["卫生健康", "烟草专卖"],
        "also": [],
    },
    Event.CONCLUDED: {
        "outcome": "部分准予",
        "granted": ["食品经营许可"],
        "refused": ["消防安全检查"],
        "transferred": [],
    },
    Event.READY: {
        "results": [{"name": "食品经营许可证", "number": f"{NUMBER}-02-Z"}],
        "place": "示例市政务服务中心一楼出证窗口",
    },
    Event.SUPPLEMENT_ASKED: {
        "notice": f"{NUMBER}-BZ1",
        "gaps": ["平面布局图：没有标出疏散通道；看不清", "食品安全管理制度：缺负责人签字"],
        "due_on": "2026-03-24",
        "provisional": False,
        "silence": SILENCE_SAID[OnSilence.ASK],
    },
    Event.SUPPLEMENT_REMINDED: {
        "notice": f"{NUMBER}-BZ1",
        "gaps": ["食品安全管理制度：缺负责人签字"],
        "due_on": "2026-03-24",
        "provisional": False,
        "silence": SILENCE_SAID[OnSilence.WITHDRAWN],
    },
    Event.SUPPLEMENT_RECEIVED: {
        "notice": f"{NUMBER}-BZ1",
        "due_on": "2026-03-19",
        "provisional": False,
    },
    Event.SUPPLEMENT_LAPSED: {
        "notice": f"{NUMBER}-BZ1",
        "result": "由窗口和有关部门决定，决定之前补齐仍然有效",
    },
    Event.DEFERRAL_REMINDED: {
        "materials": ["食品安全管理制度", "招牌效果图及位置图"],
        "due_on": "2026-03-13",
        "provisional": False,
    },
    Event.DEFERRAL_LAPSED: {
        "materials": ["食品安全管理制度"],
        "result": "“食品经营许可”视为撤回，需要时可以重新申请",
    },
    Event.SHIPPED: {
        "results": [{"name": "食品经营许可证", "number": "000000-B1-20260306-000001-2-02-Z"}],
        "courier": "示例快递",
        "tracking": "EX000000001CN",
    },
    Event.RETURNED: {
        "tracking": "EX000000001CN",
        "reason": "地址无人",
        "place": "示例市政务服务中心一楼 A01 窗口",
    },
    Event.REVOKED: {
        "item": "消防安全检查",
        "department": "消防救援",
        "reason": "实地核查与承诺不符，疏散通道被占用",
    },
    Event.RECTIFICATION: {
        "item": "建设工程消防验收",
        "department": "住房城乡建设",
        "requirement": "二层疏散通道堆物，须清理并补装应急照明",
        "due_on": "2026-04-10",
        "provisional": False,
    },
    Event.VISIT: {
        "kind": "联合踏勘",
        "departments": ["自然资源", "住房城乡建设", "人防"],
        "planned": "2026-03-12 09:30",
        "place": "示例市示例区示例路1号",
        "cancelled": False,
    },
    Event.WITHDRAWN: {"items": ["食品经营许可"], "stopped": ["户外招牌设置"], "whole": False},
    Event.VOIDED: {"reason": "重复申请，已按另一办件办理", "granted": ["食品经营许可"]},
    Event.CORRECTED: {"fields": ["手机号", "电子邮箱"], "reason": "收件时录错一位"},
    Event.ITEMS_CHANGED: {
        "added": ["户外招牌设置"],
        "dropped": [],
        "materials": ["招牌效果图及位置图"],
        "reason": "现场另有招牌",
        "promised_due_on": "2026-04-03",
        "legal_due_on": "2026-05-13",
        "provisional": False,
    },
    Event.REOPENED: {
        "items": ["消防安全检查"],
        "reason": "原决定认定事实不清",
        "document": "示府复〔2026〕7号",
    },
    Event.VERSION_MOVED: {
        "changes": ["“食品经营许可”的承诺期限由8个工作日改为5个工作日"],
        "promised_due_on": "2026-04-03",
        "provisional": False,
    },
    Event.RATE: {"days": 30},
}
STORY = (Event.RECEIPT, Event.ACCEPTED, Event.ITEM_DECIDED, Event.CONCLUDED, Event.READY)


def a_bundle(**changes: Any) -> Bundle:
    promise = Limit(5, Unit.WORKING_DAY)
    licence = ItemSpec("B1-2", "食品经营许可", "market", "01", "2", promise, result="食品经营许可证")
    given = {
        "code": "B1",
        "slug": "open-a-restaurant",
        "name": "开办餐饮店",
        "lead_department": "market",
        "joint_licence": True,
        "promise": promise,
        "join": JoinPolicy.BEST_EFFORT,
        "items": (licence,),
        "materials": (),
    }
    return Bundle(**(given | changes))


def case_row(number: str = NUMBER, **changes: Any) -> Case:
    """陈一诺's case, as far as telling her needs it."""
    given = {
        "number": number,
        "query_code": "K7M2PQ9X",
        "submission_key": number,
        "bundle_code": "B1",
        "bundle_digest": "",
        "state": CaseState.ACCEPTED,
        "applicant_kind": ApplicantKind.PERSON,
        "applicant_name": "陈一诺",
        "applicant_id_number": "000000199001010018",
        "answers": {},
        "submitted_by": "linxiao",
        "submitted_at": NOON,
        "promised_due_on": date(2026, 4, 3),
    }
    return Case(**(given | changes))


def tell(
    number: str = NUMBER,
    events: Iterable[Event] = STORY,
    *,
    phone: str = "",
    email: str = "",
    at: datetime = NOON,
    told_by: ToldBy = ToldBy.BOTH,
) -> None:
    """Queue these notices of a new case; a channel without an address is not used."""
    with transaction() as session:
        digest = keep_version(session, a_bundle(), at=NOON)
        session.add(case_row(number, bundle_digest=digest, phone=phone, email=email, told_by=told_by))
        session.flush()
        case = lock_case(session, number)
        for event in events:
            queue_notice(session, case, event, facts=TOLD[event], at=at)


def ledger(number: str = NUMBER, channel: Channel | None = None) -> list[Notice]:
    """The notices of the case in their order."""
    with transaction() as session:
        return [notice for notice in notices_of(session, number) if channel in (None, notice.channel)]
