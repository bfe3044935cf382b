"""Who may do what (domain 2.7)? The one place that answers; pages ask it only to leave buttons out."""

from collections.abc import Mapping

from rules.people import Role
from rules.states import Act

ROLES: Mapping[Act, frozenset[Role]] = {
    Act.SUBMIT: frozenset({Role.CLERK}),
    Act.ACCEPT: frozenset({Role.CLERK}),
    Act.DECLINE: frozenset({Role.CLERK}),
    Act.SUPPLY: frozenset({Role.CLERK}),
    Act.DELIVER: frozenset({Role.CLERK}),
    Act.GRANT: frozenset({Role.OFFICER, Role.HEAD}),
    Act.REFUSE: frozenset({Role.OFFICER, Role.HEAD}),
    Act.START_SPECIAL: frozenset({Role.HEAD}),
    Act.END_SPECIAL: frozenset({Role.OFFICER, Role.HEAD}),
    Act.EXTEND: frozenset({Role.HEAD, Role.GOVERNMENT}),
    Act.EXPLAIN_CARD: frozenset({Role.OFFICER, Role.HEAD, Role.CLERK}),
    Act.CLOSE_CARD: frozenset({Role.MANAGER}),
}


def may(act: Act, role: Role, *, own_department: str | None = None, of_department: str | None = None) -> bool:
    """Does the role carry this duty, and for this department where the act belongs to one?"""
    if role not in ROLES.get(act, frozenset()):
        return False
    return of_department is None or own_department == of_department
