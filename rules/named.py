"""How does a code carry the word that people read?"""

from enum import StrEnum
from typing import Self


class Named(StrEnum):
    """An enum whose value is the stored code and whose label is the Chinese word on pages."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member
