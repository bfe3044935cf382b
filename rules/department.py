"""Which office does an item go to, and where do people find it?"""

from dataclasses import dataclass, field

from rules.office_hours import OfficeHours


@dataclass(frozen=True)
class DepartmentSpec:
    """部门, as the catalogue describes it."""

    code: str
    name: str
    short_name: str
    place: str  # where results are collected
    phone: str
    supervision_phone: str  # where one complains (行政许可法 art. 30)
    office_hours: OfficeHours = field(default_factory=OfficeHours)
