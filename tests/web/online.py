"""How does somebody without an account apply in the tests? As the pages would have it, step by step."""

import re
from datetime import UTC, datetime

from httpx import Response

from models.case import Case, find_case
from models.database import transaction
from models.online import codes_in_inbox
from tests.web.hall import ANSWERS, PDF, PERSON, Browser

APPLY = "/apply/open-a-restaurant"


def begun(browser: Browser, path: str = APPLY) -> str:
    """Open the form and say its token."""
    found = re.search(r'name="form" value="(\w+)"', browser.get(path).text)
    assert found
    return found[1]


def filled(browser: Browser, **changes: str) -> dict[str, str]:
    """Everything a restaurant's form needs online, with every material as a file or for later."""
    form = begun(browser)
    fields = {"form": form} | ANSWERS | PERSON
    plan = browser.post(f"{APPLY}/plan", fields).text
    wanted = re.findall(r'data-keep="([^"]+)"', plan)
    files = {f"file.{name}": (f"{name}.pdf", PDF, "application/pdf") for name in wanted}
    answer = browser.post(f"{APPLY}/plan", fields, files=files)
    assert answer.status_code == 200
    return fields | {f"how.{name}": "file" for name in wanted} | changes


def sent(browser: Browser, **changes: str) -> dict[str, str]:
    """The form, accepted as faultless: what is left is the code."""
    fields = filled(browser, **changes)
    answer = browser.post(APPLY, fields | {"do": "submit"})
    assert answer.headers.get("location") == f"{APPLY}/confirm", answer.text
    return fields


def with_code(browser: Browser, form: str, channel: str = "sms") -> str:
    """Ask for a code and read it in the local inbox."""
    answer = browser.post(f"{APPLY}/code", {"form": form, "channel": channel})
    assert answer.headers.get("location") == f"{APPLY}/confirm", answer.text
    return latest_code()


def latest_code() -> str:
    with transaction() as session:
        text = codes_in_inbox(session)[0].body
    found = re.search(r"\d{6}", text)
    assert found
    return found[0]


def confirmed(browser: Browser, form: str, code: str) -> Response:
    return browser.post(f"{APPLY}/confirm", {"form": form, "code": code})


def applied(browser: Browser, **changes: str) -> Case:
    """The whole way; the case it became."""
    form = sent(browser, **changes)["form"]
    answer = confirmed(browser, form, with_code(browser, form))
    found = re.fullmatch(r"/track/([^/]+)/receipt", answer.headers.get("location", ""))
    assert found, answer.text
    with transaction() as session:
        case = find_case(session, found[1])
        session.expunge(case)
    return case


def now() -> datetime:
    return datetime.now(UTC)
