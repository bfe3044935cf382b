"""What may a cell begin with?"""

import pytest

from web.exporting import FORMULA, harmless


@pytest.mark.parametrize("begin", FORMULA)
def test_what_a_table_program_would_calculate_is_text(begin: str) -> None:
    assert harmless(f"{begin}1+1") == f"'{begin}1+1"


@pytest.mark.parametrize("cell", ["", "陈一诺", "2026-03-06", "000000-B1-20260306-000001-2", "1=1"])
def test_everything_else_stays(cell: str) -> None:
    assert harmless(cell) == cell
