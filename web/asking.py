"""What do the filters in an address mean? Whatever is no filter of ours is read as “all”."""

from config.catalogue import catalogue
from rules.states import CaseState


def page_number(typed: str) -> int:
    """The page asked for; a list shows its first page to whoever asks for nonsense."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1


def state_asked(typed: str) -> CaseState | None:
    """The state to narrow a list to."""
    return CaseState(typed) if typed in set(CaseState) else None


def archived_asked(typed: str) -> bool | None:
    """Only what is put away, only what is not, or all."""
    return {"yes": True, "no": False}.get(typed)


def bundle_names() -> dict[str, str]:
    """Bundle code -> name, for lists."""
    return {bundle.code: bundle.name for bundle in catalogue().values()}
