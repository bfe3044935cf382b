"""What must have been done inside and between departments before an item is decided: steps, opinions, the visit."""

from datetime import datetime

from sqlmodel import Session

from actions.acting import Scene
from actions.permitting import is_head
from models.account import Account, departments_by_code
from models.case import Case, Item
from models.together import GatheringKind, OpinionKind, gatherings_of, open_opinions
from models.version import bundle_of_version
from rules.bundle import ItemSpec
from rules.errors import NotYourDesk, WrongState
from rules.people import Role
from rules.states import ITEM_TRANSITIONS, Act, DeskStep, ItemState

GATING = frozenset({OpinionKind.COUNTERSIGN, OpinionKind.ADDED})


def spec_of(session: Session, case: Case, item: Item) -> ItemSpec:
    """The item as the version of the bundle describes it under which the case was submitted."""
    return bundle_of_version(session, case.bundle_digest).item(item.code)


def must_be_last_step(session: Session, case: Case, item: Item, *, by: Account, at: datetime) -> str:
    """The item has come to the step that decides, and everybody asked has spoken; whom the person acts for."""
    steps = spec_of(session, case, item).steps
    post = None
    if len(steps) > 1:
        if item.step is not steps[-1]:
            raise WrongState(
                f"“{item.name}”还在{item.step.label}环节，报送到{steps[-1].label}环节后才能作出决定。"
            )
        must_act_in_step(session, case, item, by=by, at=at)
        post = is_head(session, by, item.department_code, case.district, at=at)
    if waiting := unheard(session, item):
        raise WrongState(waiting)
    return post or ""


def must_act_in_step(session: Session, case: Case, item: Item, *, by: Account, at: datetime) -> None:
    """承办 is any officer's, 审核 another one's or the head's, 批准 the head's; a single step is everybody's."""
    if len(spec_of(session, case, item).steps) == 1:
        return
    head = is_head(session, by, item.department_code, case.district, at=at) is not None
    if item.step is DeskStep.APPROVE and not head:
        raise NotYourDesk(f"“{item.name}”在批准环节，由本部门负责人办理。")
    if item.step is DeskStep.REVIEW and not head and by.username == item.handled_by:
        raise NotYourDesk(f"“{item.name}”由您承办，审核须由其他人员或者负责人办理。")


def visit_missing(session: Session, case: Case, item: Item) -> str:
    """Why the item may not be granted before its site visit, in a sentence; '' if it was held or none is needed."""
    if not spec_of(session, case, item).visit:
        return ""
    for gathering in gatherings_of(session, case.number):
        if gathering.kind is GatheringKind.VISIT and item.number in gathering.findings:
            return ""
    return f"“{item.name}”须先联合踏勘并记录结果，才能准予。"


def in_hand(scene: Scene) -> bool:
    """Has no colleague claimed the item, or may this person act all the same?"""
    item = scene.item
    if item is None:
        return False
    mine = {"", scene.by.username, *(post.username for post in scene.posts)}
    return item.assignee in mine or Role.HEAD in scene.roles


def in_step(scene: Scene) -> bool:
    """Is this the person's step?"""
    item = scene.item
    if item is None or item.state is not ItemState.IN_REVIEW:
        return False
    if Role.HEAD in scene.roles or len(spec_of(scene.session, scene.case, item).steps) == 1:
        return True
    handled_it = item.step is DeskStep.REVIEW and item.handled_by == scene.by.username
    return item.step is not DeskStep.APPROVE and not handled_it


def may_decide(scene: Scene, act: Act) -> bool:
    """Is the decision open to this person now, as far as their own department is concerned?"""
    item = scene.item
    if item is None or (item.state, act) not in ITEM_TRANSITIONS:
        return False
    last = spec_of(scene.session, scene.case, item).steps[-1]
    return item.step is last and in_hand(scene) and in_step(scene)


def unheard(session: Session, item: Item) -> str:
    """Why the item may not be decided yet: 会签 and 加签 come before it, an advice may come or not; '' if all spoke."""
    waiting = [opinion for opinion in open_opinions(session, item.number) if opinion.kind in GATING]
    if not waiting:
        return ""
    names = departments_by_code(session)
    who = "、".join(f"{names[one.department_code].short_name}的{one.kind.label}意见" for one in waiting)
    return f"“{item.name}”还在等{who}，反馈或者撤销后才能作出决定。"
