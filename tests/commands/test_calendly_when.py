"""`manage.py calendly_when`, as one types it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from .conftest import Run

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = ("--now", "2026-11-24T10:15:00+02:00", "--timezone", "Europe/Bucharest")


def answer(run: Run, *args: str) -> dict[str, Any]:
    [line] = run("calendly_when", *args).splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_one_reading(run: Run) -> None:
    assert answer(run, *NOW, "--locale", "ro", "joi după-amiază") == {
        "success": True,
        "windows": [
            {
                "start": "2026-11-26T12:00:00+02:00",
                "end": "2026-11-26T18:00:00+02:00",
                "text": "joi, 26 noiembrie, după-amiaza",
            }
        ],
        "alternatives": [],
        "ambiguous": False,
        "question": None,
    }


def test_several_readings_are_all_alternatives(run: Run) -> None:
    found = answer(run, *NOW, "--locale", "en", "next Thursday")
    assert found["ambiguous"] is True
    assert found["windows"] == found["alternatives"][0]
    assert len(found["alternatives"]) == 2
    assert found["question"] == "Do you mean Thursday, December 3, or Thursday, November 26?"


def test_failures(run: Run) -> None:
    assert answer(run, *NOW, "--locale", "ro", "azi la 9") == {
        "success": False,
        "code": "past",
        "question": None,
        "alternatives": [],
    }
    found = answer(run, *NOW, "--locale", "ro", "mai vorbim")
    assert (found["success"], found["code"], found["alternatives"]) == (False, "needs_time", [])
    assert found["question"]


def test_an_instant_without_an_offset_is_local_time(run: Run) -> None:
    found = answer(
        run, "--now", "2026-11-24T10:15", "--timezone", "Asia/Tokyo", "--locale", "en", "in an hour"
    )
    assert found["windows"][0]["start"] == "2026-11-24T11:15:00+09:00"


def test_defaults_are_now_and_the_settings(run: Run) -> None:
    found = answer(run, "peste două ore")
    assert found["success"]
    assert found["windows"][0]["text"].split(",")[0] in "luni marți miercuri joi vineri sâmbătă duminică"


@pytest.mark.parametrize(
    "args",
    [
        ("--now", "yesterday", "joi"),
        ("--timezone", "Europe/Atlantis", "joi"),
        ("--timezone", "../etc/passwd", "joi"),
        ("--locale", "fr", "joi"),
        ("--batch", "joi"),
        (),
    ],
)
def test_a_bad_option_is_status_2(run: Run, args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as caught:
        run("calendly_when", *args)
    assert caught.value.returncode == 2


@pytest.mark.processes
def test_the_command_as_a_process() -> None:
    def call(*args: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "calendly_when", *args],
            cwd=ROOT,
            check=False,
            text=True,
            input=given,
            capture_output=True,
        )

    bad = call("--locale", "fr", "joi")
    assert (bad.returncode, bad.stdout) == (2, "")
    bad = call("--when", "joi")
    assert (bad.returncode, bad.stdout) == (2, "")
    lines = [
        {"now": NOW[1], "timezone": "Europe/Bucharest", "locale": "ro", "text": "mâine la 10"},
        {"now": NOW[1], "timezone": "America/New_York", "locale": "en", "text": "tomorrow at 10"},
        {"now": NOW[1], "text": 5},
    ]
    done = call("--batch", given="".join(f"{json.dumps(line)}\n" for line in lines))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [each["success"] for each in answers] == [True, True, False]
    assert answers[0]["windows"][0]["start"] == "2026-11-25T10:00:00+02:00"
    assert answers[1]["windows"][0]["start"] == "2026-11-25T10:00:00-05:00"
