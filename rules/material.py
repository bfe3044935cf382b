"""Which states can a material of a case be in?"""

from rules.named import Named


class MaterialState(Named):
    """材料的到位情况."""

    SUPPLIED = "supplied", "已提交"
    ON_PAPER = "on_paper", "纸质已收"
    SHARED = "shared", "部门共享，免提交"
    DEFERRED = "deferred", "容缺，限期补交"
    AWAITED = "awaited", "待前置事项产生"


HANDED_IN = frozenset({MaterialState.SUPPLIED, MaterialState.ON_PAPER})  # by the applicant
