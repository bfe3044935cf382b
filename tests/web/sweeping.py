"""What do the sweeps over all routes share? The routes as they are, and how each is knocked at."""

import re
from collections.abc import Iterator, Mapping

from fastapi.routing import APIRoute
from httpx import Response

from actions.telling import CallOutcome
from models.account import Account
from models.database import transaction
from rules.people import Role
from tests.people import CLERK, GOVERNOR, MANAGER
from tests.web.hall import Browser, at_desk
from web.app import PAGES
from web.entering import SESSION, VISIT

# One person for each role; the administrators are opened by `administrators`.
PEOPLE: Mapping[Role, str] = {
    Role.CLERK: CLERK,
    Role.OFFICER: "fire",
    Role.HEAD: "fire-head",
    Role.GOVERNMENT: GOVERNOR,
    Role.MANAGER: MANAGER,
    Role.ADMIN: "xitong",
    Role.SECURITY: "anquan",
    Role.AUDITOR: "shenji",
}


def routes() -> Iterator[str]:
    """Every route of the application: method and path."""
    yield "GET /api/v1/openapi.json"
    for pages in PAGES:
        for route in pages.router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield f"{method} {route.path}"


def administrators() -> None:
    """Those whom the city of the tests lacks."""
    with transaction() as session:
        for role in (Role.ADMIN, Role.SECURITY, Role.AUDITOR):
            session.add(Account(username=PEOPLE[role], name=role.label, role=role, password_hash="!"))


class Knocker:
    """A browser that sends whatever form with a mark of our own page, fetched when the browser has another name."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.mark = browser, browser.csrf()
        self.tied_to = self._browser()

    def knock(self, route: str, given: Mapping[str, str]) -> Response:
        """Use the route with these values in its path; what is not given is nothing we have."""
        method, path = route.split(" ", 1)
        path = re.sub(r"{(\w+)}", lambda found: given.get(found[1], "nothing"), path)
        if method == "GET":
            return self.browser.get(path)
        if self.tied_to != self._browser():  # the device was cleared meanwhile
            self.mark, self.tied_to = self.browser.csrf(), self._browser()
        fields = {
            "csrf": self.mark,
            "reason": "看看别人的",
            "answer": "看看别人的",
            "explanation": "看看别人的",
            "outcome": CallOutcome.AGAIN.value,
            "note": "看看别人的",
        }
        return self.browser.client.request(method, path, data=fields)

    def _browser(self) -> str | None:
        """What a mark is tied to."""
        cookies = self.browser.client.cookies
        return cookies.get(SESSION) or cookies.get(VISIT)


def at(role: Role) -> Knocker:
    """Whoever has this role."""
    return Knocker(at_desk(PEOPLE[role]))


def to_sign_in(answer: Response) -> bool:
    """Was the visitor led to the door?"""
    return answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?")
