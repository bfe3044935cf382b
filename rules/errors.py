"""What does the system say when the rules do not allow something? One sentence for the person who asked."""


class Refused(Exception):
    """规则不允许这样办理。"""

    overtaken = False  # somebody else has acted since the page was shown

    def __init__(self, why: str | None = None) -> None:
        super().__init__(why or self.__doc__)


class NotFound(Refused):
    """没有找到您要的内容。"""


class NotYourDesk(Refused):
    """您没有办理此事的权限。"""


class WrongState(Refused):
    """当前状态不能这样办理。"""


class AlreadyDone(Refused):
    """这件事已经办过了。Carries the case it became, so that a page can lead there."""

    overtaken = True

    def __init__(self, why: str, case_number: str) -> None:
        super().__init__(why)
        self.case_number = case_number


class Faulty(Refused):
    """填写有误。Carries every fault found, so that the person mends them in one go."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("；".join(fault.rstrip("。") for fault in faults.values()) + "。")
        self.faults = faults  # field name -> sentence
