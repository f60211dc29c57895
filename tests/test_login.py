"""Passwords cannot be guessed without end, and who tries leaves a trace."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client

from config import middleware

LOGIN, RIGHT = "/admin/login/", "correct horse battery"
MOST = 10


@pytest.fixture
def ana(db: None, settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    return User.objects.create_superuser("ana", password=RIGHT)


def attempt(password: str, *, name: str = "ana", address: str = "203.0.113.7", language: str = "en") -> Any:
    browser = Client(REMOTE_ADDR=address, headers={"host": "localhost", "accept-language": language})
    return browser.post(LOGIN, {"username": name, "password": password})


def guess(times: int, **options: Any) -> list[int]:
    return [attempt("wrong", **options).status_code for _ in range(times)]


def test_twenty_wrong_passwords_are_stopped_and_logged_without_names(
    ana: User, clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    codes = guess(20)
    assert codes == [200] * (MOST - 1) + [429] * 11
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert MOST <= len(lines) <= MOST + 3
    assert all("203.0.113.7" in line for line in lines)
    assert not [line for line in lines if "ana" in line or "wrong" in line]


def test_then_the_right_password_waits_too_and_no_password_is_hashed(
    ana: User, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    guess(MOST)

    def hashed(*_args: Any) -> bool:
        raise AssertionError("a guess that is refused costs no hash")

    monkeypatch.setattr(User, "check_password", hashed)
    answer = attempt(RIGHT)
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "try again in 10 minutes"), ("ro", "peste 10 minute")]
)
def test_the_page_says_when_to_come_back(
    ana: User, clock: time_machine.Traveller, language: str, words: str
) -> None:
    guess(MOST)
    assert words in attempt(RIGHT, language=language).text


def test_after_ten_minutes_the_right_password_opens(ana: User, clock: time_machine.Traveller) -> None:
    guess(MOST)
    clock.shift(300)
    assert attempt(RIGHT).status_code == 429  # trying meanwhile does not make it longer
    clock.shift(301)
    assert attempt(RIGHT).status_code == 302


def test_many_names_from_one_address_are_stopped_others_are_not(
    ana: User, clock: time_machine.Traveller
) -> None:
    assert [attempt("wrong", name=f"name-{n}").status_code for n in range(MOST)][-1] == 429
    assert attempt(RIGHT).status_code == 429
    assert attempt(RIGHT, address="203.0.113.8").status_code == 302


def test_one_name_from_many_addresses_is_stopped_others_are_not(
    ana: User, clock: time_machine.Traveller
) -> None:
    User.objects.create_superuser("maria", password=RIGHT)
    assert [attempt("wrong", address=f"203.0.113.{n}").status_code for n in range(MOST)][-1] == 429
    assert attempt(RIGHT, address="198.51.100.1").status_code == 429
    assert attempt(RIGHT, name="maria", address="198.51.100.1").status_code == 302


def test_who_remembers_the_password_begins_anew(ana: User, clock: time_machine.Traveller) -> None:
    for _ in range(3):
        assert set(guess(MOST - 1)) == {200}
        assert attempt(RIGHT).status_code == 302


def test_agents_and_deliveries_do_not_meet_the_brake(
    ana: User, api: Any, clock: time_machine.Traveller
) -> None:
    guess(MOST, address="127.0.0.1")
    assert api.get("/api/calendly/hosts").status_code == 200


@pytest.mark.parametrize(
    ("forwarded", "seen"),
    [
        (None, "127.0.0.1"),
        ("", "127.0.0.1"),
        ("203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("1.2.3.4, unknown", "127.0.0.1"),
    ],
)
def test_behind_the_proxy_the_address_is_the_one_that_the_proxy_wrote(
    rf: Any, forwarded: str | None, seen: str
) -> None:
    told: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        told.append(request.META["REMOTE_ADDR"])
        return HttpResponse()

    answer: Callable[..., Any] = middleware.client_address(view)
    answer(rf.get("/", headers={} if forwarded is None else {"x-forwarded-for": forwarded}))
    assert told == [seen]
