"""受理窗口: where does one go with a bundle, when is it open, and whom does one call first?"""

from dataclasses import dataclass

from config.catalogue import departments
from rules.bundle import Bundle


@dataclass(frozen=True)
class Counter:
    """The window as everybody is told of it."""

    place: str
    hours: str
    phone: str
    office: str  # whose telephone it is


def counter_of(bundle: Bundle) -> Counter:
    """The bundle's own place, or that of the department that leads; its hours and its telephone."""
    lead = departments()[bundle.lead_department]
    return Counter(
        bundle.guide.place or lead.place, f"工作日 {lead.office_hours.text}", lead.phone, lead.name
    )
