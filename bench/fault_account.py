"""Does the record agree with what people were told, and with what reached them?"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from sqlalchemy import text

from bench.fault_day import WORDS, Told
from models.auditing import files as audit_files
from models.database import transaction
from models.server import connected
from tests.clusters import Platform
from tests.gateway import Gateway
from tests.smtp import MailServer

ITEMS = 6


@dataclass
class Line:
    """One thing that was compared."""

    what: str
    counted: str
    wrong: list[str] = field(default_factory=list)


def account(
    platform: Platform, told: Told, sms: Gateway, mail: MailServer, dropped_at: float | None
) -> list[Line]:
    """Everything there is to compare."""
    rows = _rows(platform)
    return [
        _cases(rows, told),
        _decisions(rows, told),
        _audit(platform),
        _concluded(rows, told),
        _papers(rows),
        _files(platform, rows, told),
        _short_messages(rows, sms),
        _letters(rows, mail),
        _notices(rows),
        _runs(platform, rows, dropped_at),
        _in_step(rows),
        Line("answers nobody should get", f"{len(told.faults)}", told.faults[:5]),
    ]


def _rows(platform: Platform) -> Callable[..., list[Any]]:
    def ask(statement: str, **values: Any) -> list[Any]:
        with connected(platform.settings.database_url) as connection:
            return list(connection.execute(text(statement), values))

    return ask


def _cases(rows: Callable[..., list[Any]], told: Told) -> Line:
    have = {row[0] for row in rows("SELECT number FROM case_file")}
    known = set(told.cases.values())
    wrong = [f"lost: {number}" for number in known - have] + [
        f"twice or unknown: {no}" for no in have - known
    ]
    if len(known) != len(told.cases):
        wrong.append("one number for two people")
    return Line("cases", f"{len(known)} told, {len(have)} in the record", wrong)


def _decisions(rows: Callable[..., list[Any]], told: Told) -> Line:
    states = {(case, code): state for case, code, state in rows("SELECT case_number, code, state FROM item")}
    wrong = [
        f"lost: {case} {item} {act}, the record says {states.get((case, item))}"
        for (case, item), act in told.decisions.items()
        if states.get((case, item)) != WORDS[act]
    ]
    acts = rows(
        "SELECT item_number, count(*) FROM audit_entry WHERE act IN ('grant', 'refuse') GROUP BY 1 HAVING count(*) > 1"
    )
    wrong += [f"twice: {item} ({count})" for item, count in acts]
    return Line("decisions", f"{len(told.decisions)} told", wrong)


def _audit(platform: Platform) -> Line:
    with platform.at_hand(), transaction() as session:
        found = [(len(one.links), one.faults) for one in audit_files(session)]
    wrong = [fault.sentence for _, faults in found for fault in faults]
    return Line("entries of the audit, chained", f"{sum(count for count, _ in found)}", wrong)


def _concluded(rows: Callable[..., list[Any]], told: Told) -> Line:
    found = rows(
        """SELECT c.number, c.state, c.outcome,
                  (SELECT count(*) FROM audit_entry a WHERE a.case_number = c.number AND a.act = 'conclude'),
                  (SELECT count(*) FROM audit_entry a WHERE a.case_number = c.number AND a.act = 'issue')
             FROM case_file c"""
    )
    wrong = [
        f"{number}: {state} {outcome}, concluded {concluded} times, issued {issued} times"
        for number, state, outcome, concluded, issued in found
        if state != "concluded" or outcome is None or concluded != 1 or issued != 1
    ]
    return Line("joint answers", f"{sum(1 for row in found if row[2])} of {len(told.cases)}", wrong)


def _papers(rows: Callable[..., list[Any]]) -> Line:
    found = rows("SELECT number, case_number, item_number, kind, digest, signature FROM document")
    kinds = Counter((case, item, kind) for _, case, item, kind, _, _ in found)
    wrong = [f"twice: {one}" for one, count in kinds.items() if count > 1]
    wrong += [f"not written out: {number}" for number, *_, digest, sign in found if not (digest and sign)]
    return Line("papers", f"{len(found)}", wrong)


def _files(platform: Platform, rows: Callable[..., list[Any]], told: Told) -> Line:
    named = {
        case: (stored, digest)
        for case, stored, digest in rows(
            "SELECT case_number, stored_as, sha256 FROM material WHERE stored_as <> ''"
        )
    }
    wrong = []
    for case, digest in told.files.items():
        stored, kept = named.get(case, ("", ""))
        path = platform.settings.uploads / stored if stored else None
        if path is None or not path.is_file():
            wrong.append(f"lost: the paper of {case}")
        elif kept != digest or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            wrong.append(f"changed: the paper of {case}")
    names = {stored for stored, _ in named.values()}
    strays = [one for one in platform.settings.uploads.glob("*") if one.is_file() and one.name not in names]
    return Line("files handed in", f"{len(told.files)} told; {len(strays)} half-arrived left over", wrong)


def _short_messages(rows: Callable[..., list[Any]], sms: Gateway) -> Line:
    """The gateway is told our name for each: what it has twice, somebody has read twice."""
    arrived = Counter(sms.ids)
    sent = {row[0].hex: row[1] for row in rows("SELECT id, state FROM notice WHERE channel = 'sms'")}
    wrong = [f"twice: {name}" for name, count in arrived.items() if count > 1]
    wrong += [f"nobody's: {name}" for name in arrived if name not in sent]
    wrong += [
        f"lost: {name}" for name, state in sent.items() if state == "handed_over" and name not in arrived
    ]
    return Line("short messages", f"{len(sent)} in the ledger, {sum(arrived.values())} at the gateway", wrong)


def _letters(rows: Callable[..., list[Any]], mail: MailServer) -> Line:
    arrived = Counter((letter.to, letter.subject, letter.text) for letter in mail.letters)
    wrong = [f"twice: {to} {subject}" for (to, subject, _), count in arrived.items() if count > 1]
    states = Counter(row[0] for row in rows("SELECT state FROM notice WHERE channel = 'email'"))
    least, most = states["handed_over"], states["handed_over"] + states["unknown"]
    if not least <= len(mail.letters) <= most:
        wrong.append(f"{len(mail.letters)} arrived, {least} to {most} expected")
    return Line("letters", f"{sum(states.values())} in the ledger, {len(mail.letters)} in the mailbox", wrong)


def _notices(rows: Callable[..., list[Any]]) -> Line:
    states = Counter(row[0] for row in rows("SELECT state FROM notice"))
    twice = rows(
        "SELECT case_number, event, about, channel FROM notice GROUP BY 1, 2, 3, 4 HAVING count(*) > 1 LIMIT 5"
    )
    wrong = [f"twice: {tuple(row)}" for row in twice]
    wrong += [
        f"{count} {state}" for state, count in states.items() if state not in ("handed_over", "unknown")
    ]
    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    return Line("notices (unknown: a person looks)", told, wrong)


def _runs(platform: Platform, rows: Callable[..., list[Any]], dropped_at: float | None) -> Line:
    """What was concluded before Prefect's database was lost has no run any more, and needs none."""
    wrong, seen = [], 0
    for number, concluded in rows(
        "SELECT number, concluded_at FROM case_file WHERE concluded_at IS NOT NULL"
    ):
        runs = _asked(platform, "/flow_runs/filter", {"flow_runs": {"name": {"any_": [number]}}})
        if not runs and dropped_at and isinstance(concluded, datetime) and concluded.timestamp() < dropped_at:
            continue
        seen += 1
        if [run["state_type"] for run in runs] != ["COMPLETED"]:
            wrong.append(f"{number}: {[run['state_name'] for run in runs]}")
            continue
        wrong += _wrong_bars(platform, number, runs[0]["id"])
    return Line("runs in Prefect, one a case", f"{seen}", wrong)


def _wrong_bars(platform: Platform, number: str, run: str) -> list[str]:
    tasks = _asked(platform, "/task_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
    bars = [one for one in tasks if "·" in one["name"] and "制证" not in one["name"]]
    names = Counter(one["name"] for one in bars)
    wrong = [f"{number}: {name} {count} times" for name, count in names.items() if count > 1]
    if len(names) != ITEMS:
        wrong.append(f"{number}: {len(names)} departments' task runs")
    return wrong + [f"{number}: {one['name']} has not ended" for one in bars if not one["end_time"]]


def _asked(platform: Platform, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = httpx.post(f"{platform.prefect_api_url}{path}", json=body, timeout=30)
    answer.raise_for_status()
    return list(answer.json())


def _in_step(rows: Callable[..., list[Any]]) -> Line:
    waiting = rows(
        "SELECT number, failure FROM case_file WHERE look_at IS NOT NULL OR lease_until IS NOT NULL"
    )
    stale = rows(
        "SELECT number FROM item WHERE told_at IS NOT NULL OR task_run_id IS NOT NULL AND shown IS DISTINCT FROM state"
    )
    wrong = [f"{number} waits for a pass: {why}" for number, why in waiting]
    wrong += [f"{row[0]} is shown otherwise" for row in stale]
    return Line("record and Prefect in step", f"{len(waiting) + len(stale)} out of step", wrong)
