"""Those who call us over HTTP: an agent with its key, staff with a browser, Calendly with a signature."""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter

from calendly_integration.sandbox import webhooks

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    body: Any
    headers: Any
    seconds: float

    @property
    def booking(self) -> Any:
        """The booking, from whichever call."""
        assert self.status in (200, 201, 202), self.body
        return self.body["newBooking"] if "newBooking" in self.body else self.body["booking"]


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_maxsize=64))
    return session


class Agent:
    """Speaks to the API, in Romanian."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self._session = _session()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`headers` with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        began = time.monotonic()
        response = self._session.request(
            method,
            f"{self.url}/api/calendly/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.key}", **named},
            timeout=60,
            allow_redirects=False,
        )
        seconds = time.monotonic() - began
        try:
            told = response.json()
        except ValueError:
            told = response.text
        return Answer(response.status_code, told, response.headers, seconds)

    def book(self, booking_request: dict[str, Any], **headers: str) -> Answer:
        """`POST schedule`."""
        return self.call("POST", "schedule", booking_request, **headers)

    def look(self, booking_id: str) -> Any:
        """A booking as it stands."""
        answer = self.call("GET", f"bookings/{booking_id}")
        assert answer.status == 200, answer.body
        return answer.body["booking"]


class Staff:
    """Somebody at the admin, logged in, whose browser keeps cookies and sends forms with their token."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self.url = url
        self._session = _session()
        self.post("/admin/login/", username=name, password=password, next="/admin/")

    def get(self, path: str) -> str:
        """A page."""
        response = self._session.get(self.url + path, timeout=30)
        assert response.status_code == 200, (path, response.status_code)
        return response.text

    def post(self, path: str, **fields: str) -> str:
        """Open the page, fill in its form, send it; the page that one lands on."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path))
        assert token, f"no form on {path}"
        fields["csrfmiddlewaretoken"] = token[1]
        response = self._session.post(
            self.url + path, data=fields, headers={"Referer": self.url + path}, timeout=30
        )
        assert response.status_code == 200, (path, response.status_code)
        return response.text


def deliver(url: str, key: str, body: bytes, **headers: str) -> Answer:
    """One delivery, signed now, as Calendly would send it."""
    signature = webhooks.signature(key, int(time.time()), body)
    began = time.monotonic()
    with _session() as session:
        response = session.post(
            f"{url}/webhooks/calendly",
            data=body,
            headers={"Content-Type": "application/json", webhooks.HEADER: signature, **headers},
            timeout=60,
            allow_redirects=False,
        )
    return Answer(response.status_code, response.text, response.headers, time.monotonic() - began)


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """Do `act(0)`, `act(1)`… all at the same moment, each in its thread."""
    gate = threading.Barrier(count)

    def one(number: int) -> T:
        gate.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def begun(act: Callable[[], T]) -> "Future[T]":
    """Do it in a thread; the result is asked for later."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(act)
    pool.shutdown(wait=False)
    return future
