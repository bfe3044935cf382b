"""After `yjs demo`: is anything that tells of a person in Prefect's database, its folder, a log or what was printed?"""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy import text

from cli.demo import EXAMPLES
from hosting.databases import through_psycopg2
from models.server import connected
from tests.clusters import Platform

pytestmark = pytest.mark.platform

TELLS = ("name", "contact_name", "id_number", "phone", "email")
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def people() -> set[str]:
    """Whatever the examples say of the people in them, and where they live."""
    told: set[str] = set()
    for file in sorted(EXAMPLES.glob("*.yaml")):
        form: dict[str, Any] = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
        told.add(str(form["address"]))
        for person in (form["applicant"], form.get("agent") or {}):
            told |= {str(person[field]) for field in TELLS if person.get(field)}
    return told


def found_in(content: str, told: set[str]) -> set[str]:
    return {words for words in told if words in content}


def test_nobody_is_named_outside_the_record(platform: Platform) -> None:
    told = people()
    assert len(told) > 30
    done = platform.yjs("demo", timeout=280)
    assert done.returncode == 0, done.stderr
    with platform.at_hand() as settings, connected(settings.database_url) as record:
        queries = {str(code) for (code,) in record.execute(text("SELECT query_code FROM case_file"))}
        everything = "\n".join(record.execute(text("SELECT c::text FROM case_file c")).scalars())
    assert found_in(everything, {"陈一诺"}), "the record itself is looked through, and has the name"
    assert queries
    told |= queries
    found: dict[str, set[str]] = {}
    runs = 0
    with platform.at_hand() as settings:
        prefects, home, logs = settings.prefect_database_url, settings.prefect_home, settings.logs
    with connected(through_psycopg2(prefects)) as prefect:
        for table in prefect.execute(text(TABLES)).scalars().all():
            rows = prefect.execute(text(f'SELECT t::text FROM "{table}" t')).scalars().all()
            runs += len(rows) if table == "flow_run" else 0
            found[f"table {table}"] = found_in("\n".join(rows), told)
    assert runs >= 8, "every demo case has its run in Prefect"
    for file in [*files_in(home), *files_in(logs)]:
        found[str(file)] = found_in(file.read_text(encoding="utf-8", errors="replace"), told)
    found["printed by yjs up"] = found_in("".join(platform.printed), told)
    assert {place: words for place, words in found.items() if words} == {}


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
