"""Does this account carry the duty? Asked by every act of a person before anything changes."""

from models.account import Account
from rules.duties import may
from rules.errors import NotYourDesk
from rules.states import Act


def must_be_allowed(by: Account, act: Act, *, department: str | None = None, what: str = "") -> None:
    """Raise NotYourDesk with a sentence unless the role carries the duty for this department."""
    if not may(act, by.role):
        raise NotYourDesk(f"您的角色是“{by.role.label}”，不能办理“{act.label}”。")
    if not may(act, by.role, own_department=by.department_code, of_department=department):
        raise NotYourDesk(f"{what}不属于您的部门，请由承办部门办理。")
