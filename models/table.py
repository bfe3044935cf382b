"""What is a row? A SQLModel whose fields, when it is new, are filled in without asking pydantic about each of them.

SQLModel looks at every default anew, its factory's signature included, and sends each field through three
`__setattr__`: a fifth of all that Python did for a decision went into the eight rows that it writes. SQLAlchemy, which
would note down what each attribute was before, writes a new row from the same dictionary.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy.orm.attributes import instance_dict
from sqlmodel import SQLModel


class Table(SQLModel):
    """A table of the record. As with SQLModel nothing is validated here: the columns and their checks do that."""

    def __init__(self, **said: Any) -> None:
        constants, factories = _defaults(type(self))
        made = {name: make() for name, make in factories.items() if name not in said}
        # What a new row holds is all there is to write: nothing has to be remembered of what it held before.
        instance_dict(self).update(constants | made | said)
        object.__setattr__(self, "__pydantic_fields_set__", set(said))


@cache
def _defaults(kind: type[SQLModel]) -> tuple[dict[str, Any], dict[str, Callable[[], Any]]]:
    """What a field is where nothing is said of it: a value, or what makes one."""
    left = {name: field for name, field in kind.model_fields.items() if not field.is_required()}
    factories = {name: field.default_factory for name, field in left.items() if field.default_factory}
    return {name: field.default for name, field in left.items() if name not in factories}, factories  # type: ignore[return-value]
