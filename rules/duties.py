"""Who may do what (domain 2.7)? The one place that answers; pages ask it only to leave buttons out."""

from collections.abc import Mapping

from rules.people import Role
from rules.states import Act
from rules.voices import Step

ROLES: Mapping[Act, frozenset[Role]] = {
    Act.SUBMIT: frozenset({Role.CLERK}),
    Act.ACCEPT: frozenset({Role.CLERK}),
    Act.DECLINE: frozenset({Role.CLERK}),
    Act.SUPPLY: frozenset({Role.CLERK}),  # and the applicant, on the progress page
    Act.DELIVER: frozenset({Role.CLERK}),
    Act.SHIP: frozenset({Role.CLERK}),
    Act.RETURNED: frozenset({Role.CLERK}),
    Act.ARCHIVE: frozenset({Role.CLERK}),
    Act.LIST_GAP: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD}),
    Act.DROP_GAP: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD}),
    Act.ASK_SUPPLEMENT: frozenset({Role.CLERK}),
    Act.ANSWER_GAP: frozenset({Role.CLERK}),  # and the applicant, on the progress page
    Act.GRANT: frozenset({Role.OFFICER, Role.HEAD}),
    Act.REFUSE: frozenset({Role.OFFICER, Role.HEAD}),
    Act.TRANSFER: frozenset({Role.OFFICER, Role.HEAD}),
    Act.POST_CHECK: frozenset({Role.OFFICER, Role.HEAD}),
    Act.REVOKE: frozenset({Role.HEAD}),
    Act.ASK_HUMAN: frozenset({Role.CLERK}),  # and the applicant, on the progress page
    Act.START_SPECIAL: frozenset({Role.HEAD}),
    Act.END_SPECIAL: frozenset({Role.OFFICER, Role.HEAD}),
    Act.EXTEND: frozenset({Role.HEAD, Role.GOVERNMENT}),
    Act.EXPLAIN_CARD: frozenset({Role.OFFICER, Role.HEAD, Role.CLERK}),
    Act.CLOSE_CARD: frozenset({Role.MANAGER}),
    Act.CLAIM: frozenset({Role.OFFICER, Role.HEAD}),
    Act.RELEASE: frozenset({Role.OFFICER, Role.HEAD}),
    Act.PASS_ON: frozenset({Role.OFFICER, Role.HEAD}),
    Act.SEND_BACK: frozenset({Role.OFFICER, Role.HEAD}),
    Act.REASSIGN: frozenset({Role.HEAD, Role.MANAGER}),
    Act.URGE: frozenset({Role.MANAGER}),
    Act.ASK_OPINION: frozenset({Role.OFFICER, Role.HEAD}),
    Act.GIVE_OPINION: frozenset({Role.OFFICER, Role.HEAD}),
    Act.CANCEL_OPINION: frozenset({Role.OFFICER, Role.HEAD}),
    Act.ARRANGE_VISIT: frozenset({Role.CLERK, Role.HEAD}),
    Act.RECORD_VISIT: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD}),
    Act.CANCEL_VISIT: frozenset({Role.CLERK, Role.HEAD}),
    Act.ARRANGE_MEETING: frozenset({Role.CLERK, Role.HEAD}),
    Act.RECORD_MEETING: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD}),
    Act.CANCEL_MEETING: frozenset({Role.CLERK, Role.HEAD}),
    Act.REQUIRE_RECTIFICATION: frozenset({Role.OFFICER, Role.HEAD}),
    Act.REINSPECT: frozenset({Role.OFFICER, Role.HEAD}),
    Act.DELEGATE: frozenset({Role.OFFICER, Role.HEAD}),
    Act.CHOOSE_WAY: frozenset({Role.CLERK}),  # and the applicant, on the progress page
    Act.WITHDRAW: frozenset({Role.CLERK}),  # for the applicant, who may also do it on the progress page
    Act.VOID: frozenset({Role.MANAGER}),  # the supervisor, never whoever handles the case (domain 2.7)
    Act.CORRECT: frozenset({Role.CLERK}),
    Act.ADD_ITEM: frozenset({Role.CLERK, Role.HEAD}),  # the head of the lead department
    Act.DROP_ITEM: frozenset({Role.CLERK, Role.HEAD}),
    Act.REOPEN: frozenset({Role.GOVERNMENT, Role.HEAD}),
    Act.MOVE_VERSION: frozenset({Role.MANAGER, Role.HEAD}),  # the head of the lead department
    Act.CONFIRM_NOTICE: frozenset({Role.CLERK, Role.MANAGER}),
    Act.RESEND_NOTICE: frozenset({Role.CLERK, Role.MANAGER}),
    Act.CALL: frozenset({Role.CLERK, Role.MANAGER}),
    Act.ERASE: frozenset({Role.ADMIN}),
    Act.VIEW: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD}),
}


# What reaches beyond the department's own items no stand-in does: it waits for the person.
IN_PERSON = frozenset({Act.ADD_ITEM, Act.DROP_ITEM, Act.REOPEN, Act.MOVE_VERSION, Act.DELEGATE})

# 三员分立: each keeps one thing, and none of them handles a case.
KEEPS_PLATFORM = frozenset({Role.ADMIN})
KEEPS_ACCOUNTS = frozenset({Role.SECURITY})
READS_SECURITY = frozenset({Role.AUDITOR})

# The other roles serve the whole hall.
OF_A_DEPARTMENT = frozenset({Role.OFFICER, Role.HEAD})


def may(act: Act, role: Role, *, own_department: str | None = None, of_department: str | None = None) -> bool:
    """Does the role carry this duty, and for this department where the act belongs to one?"""
    if role not in ROLES.get(act, frozenset()):
        return False
    return of_department is None or own_department == of_department or role not in OF_A_DEPARTMENT


# 群众来信 (docs/voices.md): who takes which step. An enquiry of a department is its own; the hall's is the window's.
VOICE_ROLES: Mapping[Step, frozenset[Role]] = {
    Step.ASSIGN: frozenset({Role.CLERK, Role.MANAGER}),
    Step.TRANSFER: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD, Role.MANAGER}),
    Step.TAKE: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD, Role.MANAGER}),
    Step.CONTACT: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD, Role.MANAGER}),
    Step.ANSWER: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD, Role.MANAGER}),
    Step.EXTEND: frozenset({Role.HEAD, Role.MANAGER}),
    Step.APPEAL: frozenset({Role.CLERK, Role.OFFICER, Role.HEAD}),
    Step.UPHOLD: frozenset({Role.MANAGER}),
    Step.REJECT: frozenset({Role.MANAGER}),
}
# What the manager may do wherever the enquiry lies; the work itself is the owner's.
FROM_ABOVE = frozenset({Step.ASSIGN, Step.TRANSFER, Step.EXTEND, Step.UPHOLD, Step.REJECT})


def may_voice(step: Step, role: Role, own_department: str | None, of_department: str | None) -> bool:
    """Does the role take this step on an enquiry that lies with this department (None: the hall)?"""
    if role not in VOICE_ROLES.get(step, frozenset()):
        return False
    if role is Role.MANAGER and (step in FROM_ABOVE or of_department is None):
        return True
    if role in OF_A_DEPARTMENT:
        return of_department is not None and own_department == of_department
    return role is Role.CLERK and of_department is None
