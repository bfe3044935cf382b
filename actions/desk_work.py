"""部门内办理: who has an item, in which step it is, to which department it belongs, and the word that urges it on."""

from datetime import datetime

from sqlmodel import Session

from actions.acting import REASON, Asked, Doing, Field, Form, Scene, text, worded
from actions.deciding import item_named
from actions.moving import record
from actions.permitting import is_head, must_have, must_own, on_behalf
from actions.readying import in_hand, in_step, must_act_in_step, spec_of
from models.account import Account, colleagues, departments_by_code, responsible_for
from models.case import Case, Item, items_of, lock_case
from rules.errors import AlreadyDone, Faulty, NotYourDesk, WrongState
from rules.moments import china_day
from rules.people import Role
from rules.states import ITEM_OPEN_AT_DESK, Act, DeskStep, ItemState

CHANGES_DESK = ITEM_OPEN_AT_DESK | {ItemState.WAITING}
WORDS = 1900  # signs; a few of ours stand before them in the column

AtDesk = tuple[Case, Item, str]  # whom the person acts for; '' if themselves


def at_desk(session: Session, number: str, name: str, act: Act, *, by: Account, at: datetime) -> AtDesk:
    """The case, locked, with the item open at this person's desk, and whom they act for."""
    case = lock_case(session, number)
    item = item_named(items_of(session, number), name, number)
    post = must_have(session, case, item, act, by=by, at=at)
    must_be_open(item, act)
    return case, item, post


def must_be_open(item: Item, act: Act) -> None:
    """Refuse what only makes sense while a department is at work on it."""
    if item.state not in ITEM_OPEN_AT_DESK:
        raise WrongState(f"“{item.name}”{item.state.label}，不能{act.label}。")


def claim(session: Session, number: str, name: str, *, by: Account, at: datetime, whom: str = "") -> Item:
    """领办: colleagues see who has it. The head may give it to somebody."""
    case, item, post = at_desk(session, number, name, Act.CLAIM, by=by, at=at)
    whom = whom or by.username
    if item.assignee == whom:
        raise AlreadyDone(f"“{item.name}”已经由{_name(session, whom)}领办。", number)
    if whom != by.username:
        post = _must_be_head(session, case, item, by, at, "只有负责人可以指定由谁领办。")
        if whom not in {one.username for one in colleagues(session, item.department_code, case.district)}:
            raise Faulty({"whom": "请选择本部门的人员。"})
    facts = {"assignee": whom, "before": item.assignee} | on_behalf(post)
    item.assignee = whom
    reason = "" if whom == by.username else f"指定由{_name(session, whom)}领办。"
    record(session, case, Act.CLAIM, by=by.username, at=at, item=item, reason=reason, facts=facts)
    return item


def release(session: Session, number: str, name: str, *, by: Account, at: datetime) -> Item:
    """放回: it lies open for the whole department again."""
    case, item, post = at_desk(session, number, name, Act.RELEASE, by=by, at=at)
    if not item.assignee:
        raise WrongState(f"“{item.name}”没有人领办，不用放回。")
    facts = {"before": item.assignee} | on_behalf(post)
    item.assignee = ""
    record(session, case, Act.RELEASE, by=by.username, at=at, item=item, facts=facts)
    return item


def pass_on(session: Session, number: str, name: str, opinion: str, *, by: Account, at: datetime) -> Item:
    """报送: to the next step of the department, with an opinion."""
    found = _in_own_step(session, number, name, Act.PASS_ON, by, at)
    case, item, _ = found
    opinion = worded(opinion, "opinion", "请写明报送的意见。", WORDS)
    later = _steps(session, case, item, after=True)
    if not later:
        raise WrongState(f"“{item.name}”已在{item.step.label}环节，请直接作出决定。")
    item.handled_by = item.handled_by or by.username
    _to_step(session, found, later[0], Act.PASS_ON, opinion, by=by, at=at)
    return item


def send_back(
    session: Session, number: str, name: str, step: str, reason: str, *, by: Account, at: datetime
) -> Item:
    """退回: to an earlier step of the same department; the other items of the case go on as they are."""
    found = _in_own_step(session, number, name, Act.SEND_BACK, by, at)
    case, item, _ = found
    earlier = {one.value: one for one in _steps(session, case, item, after=False)}
    if not earlier:
        raise WrongState(f"“{item.name}”已在第一个环节，不能再退回。")
    if step not in earlier:
        raise Faulty({"step": f"可以退回到：{'、'.join(one.label for one in earlier.values())}。"})
    reason = worded(reason, "reason", "请写明退回的理由。", WORDS)
    if step == next(iter(earlier)):
        item.handled_by = ""  # it begins anew, whoever takes it
    _to_step(session, found, earlier[step], Act.SEND_BACK, reason, by=by, at=at)
    return item


def reassign(
    session: Session, number: str, name: str, department: str, reason: str, *, by: Account, at: datetime
) -> Item:
    """转办: another department has it from now on, under the same dates."""
    case = lock_case(session, number)
    item = item_named(items_of(session, number), name, number)
    post = must_own(session, case, item, Act.REASSIGN, by=by, at=at)
    if item.state not in CHANGES_DESK:
        raise WrongState(f"“{item.name}”{item.state.label}，不能转办。")
    reason = worded(reason, "reason", "请写明转办的理由。")
    if department == item.department_code or department not in departments_by_code(session):
        raise Faulty({"department": "请选择要转到的其他部门。"})
    if not responsible_for(session, department, case.district):
        raise Faulty({"department": "这个部门还没有可用的账号，转过去无人办理。"})
    facts = {"from": item.department_code, "to": department, "before": item.assignee} | on_behalf(post)
    item.department_code, item.assignee, item.handled_by = department, "", ""
    item.step = spec_of(session, case, item).steps[0]
    record(session, case, Act.REASSIGN, by=by.username, at=at, item=item, reason=reason, facts=facts)
    case.look_at = at  # the manager's table names the department
    return item


def urge(session: Session, number: str, name: str, words: str, *, by: Account, at: datetime) -> Item:
    """督办: the manager's word, at most once a day; shown at the desk and told in the daily digest."""
    case = lock_case(session, number)
    item = item_named(items_of(session, number), name, number)
    must_own(session, case, item, Act.URGE, by=by, at=at)
    must_be_open(item, Act.URGE)
    words = worded(words, "words", "请写明督办的内容。")
    if item.urged_at and china_day(item.urged_at) == china_day(at):
        raise WrongState(f"“{item.name}”今天已经督办过，一天一次就够了。")
    item.urged_at = at
    record(session, case, Act.URGE, by=by.username, at=at, item=item, reason=words)
    return item


def _in_own_step(session: Session, number: str, name: str, act: Act, by: Account, at: datetime) -> AtDesk:
    case, item, post = at_desk(session, number, name, act, by=by, at=at)
    if item.state is not ItemState.IN_REVIEW:
        raise WrongState(f"“{item.name}”{item.state.label}，不能{act.label}。")
    must_act_in_step(session, case, item, by=by, at=at)
    return case, item, post


def _steps(session: Session, case: Case, item: Item, *, after: bool) -> tuple[DeskStep, ...]:
    steps = spec_of(session, case, item).steps
    here = steps.index(item.step) if item.step in steps else len(steps) - 1
    return steps[here + 1 :] if after else steps[:here]


def _to_step(
    session: Session, found: AtDesk, step: DeskStep, act: Act, words: str, *, by: Account, at: datetime
) -> None:
    """It lies open for all who may act in the new step."""
    case, item, post = found
    facts = {"from_step": item.step.value, "to_step": step.value} | on_behalf(post)
    reason = f"{item.step.label} → {step.label}：{words}"
    item.step, item.assignee = step, ""
    record(session, case, act, by=by.username, at=at, item=item, reason=reason, facts=facts)


def _must_be_head(session: Session, case: Case, item: Item, by: Account, at: datetime, why: str) -> str:
    post = is_head(session, by, item.department_code, case.district, at=at)
    if post is None:
        raise NotYourDesk(why)
    return post


def _name(session: Session, username: str) -> str:
    account = session.get(Account, username)
    return account.name if account else username


def _claim(asked: Asked) -> object:
    whom = text(asked, "whom")
    return claim(asked.session, asked.number, asked.item, by=asked.by, at=asked.at, whom=whom)


def _release(asked: Asked) -> object:
    return release(asked.session, asked.number, asked.item, by=asked.by, at=asked.at)


def _pass_on(asked: Asked) -> object:
    opinion = text(asked, "opinion")
    return pass_on(asked.session, asked.number, asked.item, opinion, by=asked.by, at=asked.at)


def _send_back(asked: Asked) -> object:
    step, reason = text(asked, "step"), text(asked, "reason")
    return send_back(asked.session, asked.number, asked.item, step, reason, by=asked.by, at=asked.at)


def _reassign(asked: Asked) -> object:
    to, reason = text(asked, "department"), text(asked, "reason")
    return reassign(asked.session, asked.number, asked.item, to, reason, by=asked.by, at=asked.at)


def _urge(asked: Asked) -> object:
    words = text(asked, "words")
    return urge(asked.session, asked.number, asked.item, words, by=asked.by, at=asked.at)


def _people(scene: Scene) -> list[tuple[str, str]]:
    if scene.item is None or Role.HEAD not in scene.roles:
        return [("", "本人")]
    others = colleagues(scene.session, scene.item.department_code, scene.case.district)
    return [("", "本人"), *((one.username, one.name) for one in others if one.username != scene.by.username)]


def _earlier(scene: Scene) -> list[tuple[str, str]]:
    if scene.item is None:
        return []
    steps = _steps(scene.session, scene.case, scene.item, after=False)
    return [(step.value, step.label) for step in reversed(steps)]


def _other_departments(scene: Scene) -> list[tuple[str, str]]:
    own = scene.item.department_code if scene.item else ""
    found = departments_by_code(scene.session)
    return [(code, one.short_name) for code, one in sorted(found.items()) if code != own]


def _claimable(scene: Scene) -> bool:
    item = scene.item
    if item is None or item.state not in ITEM_OPEN_AT_DESK or item.assignee == scene.by.username:
        return False
    return not item.assignee or in_hand(scene)


def _releasable(scene: Scene) -> bool:
    item = scene.item
    return item is not None and item.state in ITEM_OPEN_AT_DESK and bool(item.assignee) and in_hand(scene)


def _has_step(scene: Scene, *, after: bool) -> bool:
    if scene.item is None or not in_hand(scene) or not in_step(scene):
        return False
    return bool(_steps(scene.session, scene.case, scene.item, after=after))


DOINGS = (
    Doing(
        "claim",
        Act.CLAIM,
        True,
        (Field("whom", "由谁领办", Form.CHOICE, required=False, choices=_people),),
        _claim,
        _claimable,
    ),
    Doing("release", Act.RELEASE, True, (), _release, _releasable),
    Doing(
        "pass-on",
        Act.PASS_ON,
        True,
        (Field("opinion", "意见", Form.TEXT),),
        _pass_on,
        lambda scene: _has_step(scene, after=True),
    ),
    Doing(
        "send-back",
        Act.SEND_BACK,
        True,
        (Field("step", "退回到", Form.CHOICE, choices=_earlier), REASON),
        _send_back,
        lambda scene: _has_step(scene, after=False),
    ),
    Doing(
        "reassign",
        Act.REASSIGN,
        True,
        (Field("department", "转给哪个部门", Form.CHOICE, choices=_other_departments), REASON),
        _reassign,
        lambda scene: scene.item is not None and scene.item.state in CHANGES_DESK,
    ),
    Doing(
        "urge",
        Act.URGE,
        True,
        (Field("words", "督办内容", Form.TEXT),),
        _urge,
        lambda scene: scene.item is not None and scene.item.state in ITEM_OPEN_AT_DESK,
    ),
)
