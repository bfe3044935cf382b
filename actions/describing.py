"""How do scripts read a case, its clocks and what may be done with it? The same JSON from command line and REST."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from actions.describing_record import describe_delivery
from actions.doing import Possible
from config.calendars import tentative
from config.settings import settings
from models.account import departments_by_code
from models.after import deliveries_of
from models.case import Case, items_of
from models.clock import SpecialProcedure
from models.supervision import ClockView, Standing, standings, trace_of
from models.version import bundle_of_version
from rules.states import ITEM_DECIDED


def describe(session: Session, case: Case, *, at: datetime) -> dict[str, Any]:
    """The case as scripts read it. Codes are stable; labels are what people read."""
    departments = departments_by_code(session)
    standing, items = standings(session, [case.number], at=at), items_of(session, case.number)
    return {
        "case_no": case.number,
        "bundle": case.bundle_code,
        "bundle_name": bundle_of_version(session, case.bundle_digest).name,
        "state": case.state.value,
        "state_label": case.state.label,
        "outcome": case.outcome.value if case.outcome else None,
        "outcome_label": case.outcome.label if case.outcome else "",
        "district": case.district or settings().region,
        "due": _iso(case.promised_due_on),
        "provisional": _tentative(case, case.promised_due_on),
        "legal_due": _iso(case.legal_due_on),
        "legal_provisional": _tentative(case, case.legal_due_on),
        "items": [
            {
                "item": item.code,
                "name": item.name,
                "department": item.department_code,
                "department_name": departments[item.department_code].short_name,
                "state": item.state.value,
                "state_label": item.state.label,
                "decision": item.state.value if item.state in ITEM_DECIDED else None,
                "reason": item.reason,
                "lane": item.lane.value if item.lane else None,
                "conditions": item.conditions,
                "conditions_until": _iso(item.conditions_until),
                "transferred_to": item.transferred_to,
                "due": _iso(item.due_on),
                "provisional": item.due_provisional,
                **_marked(standing.get(item.number)),
                "result": item.result_number or None,
            }
            for item in items
        ],
        "deliveries": [describe_delivery(one, items) for one in deliveries_of(session, case.number)],
        "archived": case.archived_at is not None,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _tentative(case: Case, day: date | None) -> bool:
    """暂定: one of the case's dates leaves the published years; is it this one?"""
    return case.due_provisional and tentative(day)


def _marked(standing: Standing | None) -> dict[str, Any]:
    """Said of a date wherever it is shown; where no clock runs any more there is nothing to say."""
    now = standing or Standing()
    return {
        "suspended": now.suspended,
        "extended": now.extended,
        "overdue": now.overdue,
        "light": now.light.value if standing else None,
    }


def describe_act(one: Possible) -> dict[str, Any]:
    """An act that is this person's, with what it must and may be told, and why it must still wait if it must."""
    return {
        "action": one.doing.name,
        "label": one.doing.act.label,
        "item": one.item.code if one.item else None,
        "held": one.held or None,
        "required": [field.name for field in one.doing.fields if field.required],
        "optional": [field.name for field in one.doing.fields if not field.required],
        "fields": {field.name: field.label for field in one.doing.fields},
    }


def describe_clock(view: ClockView, people: dict[str, str]) -> dict[str, Any]:
    """A clock with the days it counted, and why."""
    row = view.row
    return {
        "item": view.item.code if view.item else None,
        "kind": row.kind.value,
        "kind_label": row.kind.label,
        "limit": {"n": row.n, "unit": row.unit.value, "text": row.limit.text},
        "basis": row.basis or None,
        "source": row.source or None,
        "started_at": row.started_at.isoformat(),
        "stopped_at": row.stopped_at.isoformat() if row.stopped_at else None,
        "due": view.now.due.isoformat() if view.now.due else None,
        "due_at": view.now.due_at.isoformat() if view.now.due_at else None,
        "provisional": view.now.provisional,
        "suspended": view.suspended,
        "extended": view.extended,
        "overdue": view.overdue,
        "used": view.now.used,
        "remaining": view.now.remaining,
        "light": view.light.value,
        "extension": _extension(view, people),
        "suspensions": [_suspension(one, people) for one in view.procedures],
        "trace": [
            {"date": line.day.isoformat(), "counted": line.counted, "why": line.why}
            for line in trace_of(view)
        ],
    }


def _extension(view: ClockView, people: dict[str, str]) -> dict[str, Any] | None:
    row = view.row
    if not row.extended_n:
        return None
    return {
        "n": row.extended_n,
        "approved_by": row.extended_by,
        "approved_by_name": people.get(row.extended_by),
        "reason": row.extension_reason,
        "document": row.extension_document or None,
        "on": row.extended_on.isoformat() if row.extended_on else None,
    }


def _suspension(one: SpecialProcedure, people: dict[str, str]) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "reason": one.reason,
        "basis": one.basis,
        "approved_by": one.approved_by,
        "approved_by_name": people.get(one.approved_by),
        "from": one.started_on.isoformat(),
        "until": one.ended_on.isoformat() if one.ended_on else None,
        "expected_days": one.expected_days,
        "stops_statutory": one.stops_statutory,
        "stops_promised": one.stops_promised,
        "result": one.result or None,
    }
