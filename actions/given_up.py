"""Which cases can Prefect not be brought in step with? What the managers' daily digest says of them."""

from sqlmodel import Session

from models.drifting import cases_given_up

LONGEST_LIST = 20  # lines; the page has the rest


def given_up(session: Session) -> list[str]:
    """Lines for the digest; none when every case goes its way."""
    cases = cases_given_up(session)
    if not cases:
        return []
    lines = [f"已停下  {case.number}  {case.failure}" for case in cases[:LONGEST_LIST]]
    opening = f"编排连续出错、已停下的办件 {len(cases)} 件，办理不受影响；请在“与 Prefect 核对”页上处理。"
    return ["", opening, *lines]
