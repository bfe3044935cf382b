"""Who comes through the door? A browser without a screen, signed in at a desk or not."""

import hashlib
import html
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import select

from models.account import SignIn
from models.case import Case
from models.database import transaction
from tests.people import a_case
from web.app import create_app
from web.entering import SESSION

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

ANSWERS = {"answers.Q1": "yes", "answers.Q2": "320", "answers.Q3": "no", "answers.Q4": "yes"} | {
    "answers.Q5": "yes",
    "answers.Q6": "no",
    "answers.Q7": "no",
}
PERSON = {
    "applicant.kind": "person",
    "applicant.name": "陈一诺",
    "applicant.id_number": "000000199001010018",
    "applicant.phone": "13800000000",
    "applicant.email": "chen@example.com",
    "address": "示例市示例区示例路1号",
}


@cache
def the_app() -> FastAPI:
    """One for all: the first request builds its routes, which costs more than most tests."""
    return create_app()


class Browser:
    """Keeps its cookies, sends forms as the pages would, follows no redirect by itself."""

    def __init__(self, app: FastAPI | None = None) -> None:
        """`app`: one of its own, where a test counts on what an application remembers."""
        self.client = TestClient(app or the_app(), raise_server_exceptions=False, follow_redirects=False)

    def get(self, path: str, **options: Any) -> Response:
        return self.client.get(path, **options)

    def post(
        self, path: str, fields: Mapping[str, str | list[str]] | None = None, **options: Any
    ) -> Response:
        """Send a form that bears the mark of our own page."""
        return self.client.post(path, data={"csrf": self.csrf(), **(fields or {})}, **options)

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', self.get("/track").text)
        assert found
        return found[1]

    def text(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, words(answer))
        return words(answer)


def words(answer: Response) -> str:
    """What a person reads on the page."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def somebody() -> Browser:
    """A visitor without a name."""
    return Browser()


def at_desk(username: str) -> Browser:
    """A browser in which this person has signed in."""
    browser, token, now = Browser(), secrets.token_urlsafe(32), datetime.now(UTC)
    with transaction() as session:
        kept = hashlib.sha256(token.encode()).hexdigest()
        session.add(SignIn(token_hash=kept, username=username, started_at=now, seen_at=now))
    browser.client.cookies.set(SESSION, token)
    return browser


def a_case_today(**changes: Any) -> Case:
    """A case that came in just now."""
    with transaction() as session:
        return a_case(session, at=datetime.now(UTC), **changes)


def a_form(clerk: Browser, bundle: str = "B1") -> str:
    """Open a new form and say its token."""
    found = re.search(r'name="form" value="(\w+)"', clerk.get(f"/window/new/{bundle}").text)
    assert found
    return found[1]


def on_paper(clerk: Browser, form: str, answers: dict[str, str] | None = None) -> dict[str, str]:
    """Every material the answers call for, received on paper."""
    plan = clerk.post("/window/new/B1/plan", {"form": form} | (answers or ANSWERS)).text
    return dict.fromkeys(re.findall(r'name="(how\.[^"]+)"', plan), "paper")


def a_filled_form(clerk: Browser, **changes: str) -> dict[str, str]:
    """Everything a restaurant's form needs."""
    form = a_form(clerk)
    return {"form": form} | ANSWERS | PERSON | on_paper(clerk, form) | changes


def the_only_case() -> Case | None:
    """The case in the record, if there is exactly one; None if there is none."""
    with transaction() as session:
        rows = session.exec(select(Case)).all()
    assert len(rows) < 2
    return rows[0] if rows else None
