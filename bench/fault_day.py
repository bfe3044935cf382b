"""A busy day: people who accept, hand in papers and decide, and keep what they were told was done."""

import hashlib
import random
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from actions.tokens import make_token
from config.settings import DEMO_PASSWORD
from models.database import transaction
from tests.clusters import Platform

CLERK = "chuangkou"
FIRST = ("B1-1", "market")
WAVE = {"B1-5": "health", "B1-2": "market", "B1-3": "urban", "B1-4": "fire", "B1-6": "tobacco"}
REFUSED_BY_FIRE = 5  # every so many cases
PAPER = "M-SIGN"  # promised at acceptance, handed in as a file during the day
AGAIN = 0.4  # seconds before somebody presses the button once more
PATIENCE = 180.0  # seconds somebody goes on pressing
WORDS = {"grant": "granted", "refuse": "refused"}
PROMISE = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass
class Told:
    """What people were told was done. The record has to agree."""

    cases: dict[str, str] = field(default_factory=dict)  # submission key -> case number
    decisions: dict[tuple[str, str], str] = field(default_factory=dict)  # case and item -> grant or refuse
    files: dict[str, str] = field(default_factory=dict)  # case -> SHA-256
    refusals: int = 0  # answers that were no: the button was pressed again
    silence: int = 0  # no answer at all
    faults: list[str] = field(default_factory=list)  # answers nobody should get


class Day:
    """Each case goes its way in a thread of its own; at most so many at once."""

    def __init__(self, platform: Platform, seed: int, at_once: int = 6) -> None:
        self.platform, self.told = platform, Told()
        self.random = random.Random(seed)  # noqa: S311  not a secret
        self.places = threading.Semaphore(at_once)
        self.threads: list[threading.Thread] = []
        self.lock = threading.Lock()
        self.tokens = self._tokens()
        self.desk = httpx.Client(base_url=platform.url, timeout=20)
        self.csrf = self._sign_in()

    def take(self, index: int) -> None:
        """One more person comes to the window."""
        order = self.random.sample(sorted(WAVE), len(WAVE))
        if order.index("B1-2") < order.index("B1-5"):  # the food licence waits for the health check
            order.remove("B1-2")
            order.append("B1-2")
        self.places.acquire()
        person = threading.Thread(target=self._served, args=(index, order), name=f"case-{index}")
        self.threads.append(person)
        person.start()

    def finish(self) -> None:
        """Everybody who came is served."""
        for person in self.threads:
            person.join()

    def _served(self, index: int, order: list[str]) -> None:
        try:
            number = self._accepted(index)
            self._decided(number, *FIRST, "grant")
            self._handed_in(number, index)
            for item in order:
                refused = item == "B1-4" and index % REFUSED_BY_FIRE == 0
                self._decided(number, item, WAVE[item], "refuse" if refused else "grant")
        except Exception as error:
            self._complain(f"case {index}: {type(error).__name__}: {error}")
        finally:
            self.places.release()

    def _accepted(self, index: int) -> str:
        """The same key each time the button is pressed: one person, one case."""
        key = f"day-{index:05d}"
        body = {"submission_key": key, **_application(index)}
        answer = self._until_answered(
            lambda: httpx.post(
                f"{self.platform.url}/api/v1/cases", json=body, headers=self._as(CLERK), timeout=20
            ),
            (200, 201),
        )
        number = str(answer.json()["case_no"])
        with self.lock:
            self.told.cases[key] = number
        return number

    def _decided(self, number: str, item: str, by: str, act: str) -> None:
        """A second press may meet the first, that was done though nobody heard the answer: one looks at the case."""
        data = {"reason": "疏散通道宽度不足。"} if act == "refuse" else {}
        path = f"/api/v1/cases/{number}/acts/{act}"
        body = {"item": item, "data": data}
        self._until_answered(
            lambda: httpx.post(f"{self.platform.url}{path}", json=body, headers=self._as(by), timeout=20),
            (200,),
            lambda answer: answer.status_code == 409 and self._is_decided(number, item, act),
        )
        with self.lock:
            self.told.decisions[number, item] = act

    def _handed_in(self, number: str, index: int) -> None:
        """At the window's page, as a clerk does it."""
        content = PROMISE + f"% {index}\n".encode() + bytes(200_000)
        self._until_answered(
            lambda: self.desk.post(
                f"/cases/{number}/materials/{PAPER}",
                data={"csrf": self.csrf},
                files={"file": ("招牌.pdf", content, "application/pdf")},
            ),
            (303,),
            lambda answer: answer.status_code == 409 and "收到" in answer.text,
        )
        with self.lock:
            self.told.files[number] = hashlib.sha256(content).hexdigest()

    def _until_answered(
        self,
        press: Callable[[], httpx.Response],
        good: tuple[int, ...],
        done_before: Callable[[httpx.Response], bool] = lambda _: False,
    ) -> httpx.Response:
        """Press until somebody says that it is done, now or by an earlier press that had no answer."""
        deadline, unheard = time.monotonic() + PATIENCE, False
        while time.monotonic() < deadline:
            try:
                answer = press()
            except httpx.TransportError:
                unheard = True
                self._count(silence=1)
            else:
                if answer.status_code in good or (unheard and done_before(answer)):
                    return answer
                unheard = unheard or answer.status_code >= 500
                self._count(refusals=1)
                self._judge(answer)
            time.sleep(AGAIN)
        raise TimeoutError(f"no answer for {PATIENCE:.0f} s")

    def _is_decided(self, number: str, item: str, act: str) -> bool:
        """As the page of the case says."""
        with suppress(httpx.TransportError, ValueError):
            url = f"{self.platform.url}/api/v1/cases/{number}"
            case = httpx.get(url, headers=self._as(CLERK), timeout=20).json()
            return any(one["item"] == item and one["decision"] == WORDS[act] for one in case.get("items", ()))
        return False

    def _judge(self, answer: httpx.Response) -> None:
        """503 and 507 are sentences for people; anything else is a fault of ours."""
        if answer.status_code not in (503, 507):
            words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))[-200:]
            self._complain(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {words}")

    def _complain(self, sentence: str) -> None:
        with self.lock:
            self.told.faults.append(sentence)

    def _count(self, *, refusals: int = 0, silence: int = 0) -> None:
        with self.lock:
            self.told.refusals += refusals
            self.told.silence += silence

    def _as(self, username: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[username]}"}

    def _tokens(self) -> dict[str, str]:
        people = {CLERK, FIRST[1], *WAVE.values()}
        with self.platform.at_hand(), transaction() as session:
            now = datetime.now(UTC)
            return {name: make_token(session, name, "fault harness", 1, at=now) for name in people}

    def _sign_in(self) -> str:
        page = self.desk.get("/sign-in").text
        fields = {"csrf": _csrf(page), "username": CLERK, "password": DEMO_PASSWORD}
        answer = self.desk.post("/sign-in", data=fields)
        assert answer.status_code == 303, answer.text  # noqa: S101
        return _csrf(self.desk.get("/track").text)


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found  # noqa: S101
    return found[1]


def _application(index: int) -> dict[str, object]:
    """Each person has a number of their own: what was sent to it is what they were told."""
    return {
        "bundle": "B1",
        "accept": True,
        "applicant": {
            "kind": "person",
            "name": "陈一诺",
            "id_number": "000000199001010018",
            "phone": f"138{index:08d}",
            "email": f"chen{index}@example.com",
        },
        "address": "示例市示例区示例路1号",
        "answers": {"Q1": True, "Q2": 320, "Q3": True, "Q4": True, "Q5": True, "Q6": False, "Q7": False},
        "materials": [
            {"id": name}
            for name in (
                *("M-APPLY", "M-PREMISES", "M-LAYOUT", "M-FOOD-RULES"),
                *("M-COLD-ROOM", "M-FIRE-TECHNICAL", "M-FOOD-MANAGER"),
            )
        ],
        "deferred": [PAPER],
    }
