"""`manage.py demo`, started as a visitor would: it tells where to look, its example works, Ctrl-C ends it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from .agents import Staff
from .processes import ROOT, Process, free_port, no_orphans, surroundings, until

pytestmark = pytest.mark.processes

NAMES = ("--port", "--calendly-port", "--portal-port")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The reference project in a folder of its own: a demo keeps its database and its Calendly beside it."""
    for name in ("config", "templates", "static"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    return tmp_path


@pytest.fixture
def ports() -> tuple[int, int, int]:
    return free_port(), free_port(), free_port()


@pytest.fixture
def demo(checkout: Path, ports: tuple[int, int, int]) -> Iterator[Process]:
    """It, when it has said where to look."""
    environment = surroundings({"PYTHONPATH": str(ROOT)})
    arguments = [word for name, port in zip(NAMES, ports, strict=True) for word in (name, str(port))]
    log = checkout / "demo.log"
    with no_orphans(environment):
        process = Process(["manage.py", "demo", *arguments], environment, log, folder=checkout)
        try:
            until(
                lambda: not process.alive or "Ctrl-C ends all of it." in process.output(),
                within=60,
                every=0.2,
                what=process.output,
            )
            assert process.alive, process.output()
            yield process
        finally:
            process.stop()


def test_the_demo_shows_itself_and_ends_at_ctrl_c(demo: Process, ports: tuple[int, int, int]) -> None:
    text = demo.output()
    web, calendly, portal = (f"http://127.0.0.1:{port}" for port in ports)
    for place in (f"{web}/admin/", f"{web}/api/calendly/docs", f"{calendly}/", f"{portal}/"):
        assert place in text
    command = re.search(r"^    (curl .*?}')$", text, re.MULTILINE | re.DOTALL)
    assert command, text
    done = subprocess.run(command[1], shell=True, capture_output=True, timeout=30, check=True)
    booking = json.loads(done.stdout)["booking"]
    assert (booking["status"], booking["eventType"]) == ("confirmed", "Sales Demo")
    wanted = {
        "/calendly/metadata",
        "/calendly/notify",
        "/calendly/confirmed",
        "/email/send",
        "/analytics/log",
    }
    until(lambda: wanted <= paths(portal), what=lambda: paths(portal))
    for page in (calendly, portal):
        assert requests.get(f"{page}/", timeout=10).ok
    password = re.search(r"staff: admin / (\S{12,})$", text, re.MULTILINE)
    assert password, text
    staff = Staff(web, "admin", password[1])
    assert "Ioana Pop" in staff.get("/admin/calendly_integration/booking/")
    assert "html" in staff.get("/api/calendly/docs")
    for file in ("admin/css/base.css", "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"):
        sent = requests.get(f"{web}/static/{file}", timeout=10)
        assert len(sent.content) > 5000, file
    os.killpg(demo.pid, signal.SIGINT)  # as a terminal sends it
    until(lambda: not demo.alive, within=40)
    assert demo.status == 0, demo.output()
    assert demo.output().rstrip().endswith("Ended.")
    assert "Traceback" not in demo.output()
    assert not [port for port in ports if answers(port)]


def test_a_second_demo_takes_up_what_the_first_has_left(
    checkout: Path, demo: Process, ports: tuple[int, int, int]
) -> None:
    first = re.findall(r"staff: admin / \S+", demo.output())
    demo.stop(within=40)
    environment = surroundings({"PYTHONPATH": str(ROOT)})
    arguments = [word for name, port in zip(NAMES, ports, strict=True) for word in (name, str(port))]
    again = Process(["manage.py", "demo", *arguments], environment, checkout / "again.log", folder=checkout)
    try:
        until(lambda: not again.alive or "Ctrl-C ends" in again.output(), within=60, what=again.output)
        assert re.findall(r"staff: admin / \S+", again.output()) == first
    finally:
        again.stop(within=40)


def paths(portal: str) -> set[str]:
    """What the stand-in portal was sent."""
    listed = requests.get(f"{portal}/sandbox/messages", timeout=10).json()
    return {each["path"] for each in listed["messages"]}


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_whose_port_is_taken_says_what_to_do(
    checkout: Path, ports: tuple[int, int, int], name: str
) -> None:
    environment = surroundings({"PYTHONPATH": str(ROOT)})
    chosen = dict(zip(NAMES, map(str, ports), strict=True))
    with socket.create_server(("127.0.0.1", 0)) as taken, no_orphans(environment):
        chosen[name] = str(taken.getsockname()[1])
        arguments = ["manage.py", "demo", *(word for pair in chosen.items() for word in pair)]
        process = Process(arguments, environment, checkout / "demo.log", folder=checkout)
        until(lambda: not process.alive, within=30, what=process.output)
    assert process.status == 1
    assert "Choose other ports" in process.output()
    assert "Traceback" not in process.output()
