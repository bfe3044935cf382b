"""材料: what a department reads before it decides, all of its item on one screen, the first one open."""

from dataclasses import dataclass

from models.account import Account
from models.case import Item, Material
from rules.bundle import Bundle
from rules.people import Role

SHOWN_IN_PLACE = frozenset({"application/pdf", "image/png", "image/jpeg"})


@dataclass(frozen=True)
class Papers:
    """The materials as this person needs them."""

    own: tuple[Material, ...]  # of the department's items; for everybody else all
    others: tuple[Material, ...]  # collapsed
    first: Material | None  # open in the frame; None: nothing can be looked at in place

    @property
    def missing(self) -> int:
        """How many of the own ones have not come."""
        return sum(one.state.value in ("deferred", "awaited") for one in self.own)


def papers_of(viewer: Account, items: list[Item], bundle: Bundle, materials: list[Material]) -> Papers:
    """Those of the department's items first."""
    used = {spec for item in items if _is_own(viewer, item) for spec in bundle.item(item.code).materials}
    if viewer.role not in (Role.OFFICER, Role.HEAD) or not used:
        return Papers(tuple(materials), (), None)
    own = tuple(one for one in materials if one.spec_id in used)
    others = tuple(one for one in materials if one.spec_id not in used)
    return Papers(own, others, next((one for one in own if in_place(one)), None))


def in_place(material: Material) -> bool:
    """Can the browser show it here?"""
    return bool(material.stored_as) and material.media_type in SHOWN_IN_PLACE


def _is_own(viewer: Account, item: Item) -> bool:
    return item.department_code == viewer.department_code
