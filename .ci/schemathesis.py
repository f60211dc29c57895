"""The running system against its own OpenAPI document: whatever is sent, it answers as it says it does.

Starts a local Calendly, a stand-in portal and the web server on free ports, and lets schemathesis loose on them.
"""

import contextlib
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

PYTHON = sys.executable
MANAGE = [PYTHON, "manage.py"]
SECONDS = 60
COUNT = "from calendly_integration.models import Booking; print(Booking.objects.exclude(event_id='').count())"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "unsupported_method",
)


def main() -> int:
    """The exit status of schemathesis, or 1 where the server's log holds a traceback or nothing was ever booked."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), _free_port()
        env = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "DJANGO_SECRET_KEY": secrets.token_urlsafe(40),
            "CALENDLY_WEBHOOK_SECRET": secrets.token_urlsafe(32),
            "CALENDLY_CALLS_PER_MINUTE": "0",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "BIND": f"127.0.0.1:{port}",
        }
        log = folder / "web.log"
        with _running(
            [*MANAGE, "calendly_sandbox", "--port=0", "--portal-port=0"], env, folder / "sandbox.log"
        ):
            env |= _told(folder / "sandbox.log")
            _run([*MANAGE, "migrate", "-v", "0"], env)
            _run([*MANAGE, "calendly_setup", "--no-doctor"], env)
            key = _run([*MANAGE, "calendly_agent_key", "schemathesis"], env).strip()
            web = [PYTHON, "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"]
            with _running(web, env, log):
                status = _loose(f"http://127.0.0.1:{port}/api/calendly", key, env, folder)
            count = _run([*MANAGE, "shell", "-v", "0", "-c", COUNT], env).strip()
            print(f"{count} bookings were made meanwhile.")
        text = log.read_text(encoding="utf-8")
        if "Traceback" in text:
            print("The server's log holds a traceback:", text[-6000:], sep="\n")
            return 1
        return status if int(count) else 1


def _loose(base: str, key: str, env: dict[str, str], folder: Path) -> int:
    _wait(f"{base}/schema", key)
    command = [
        str(Path(PYTHON).with_name("schemathesis")),
        "run",
        f"{base}/schema",
        f"--header=Authorization: Bearer {key}",
        f"--checks={','.join(CHECKS)}",
        f"--max-time={SECONDS}",
        "--max-examples=40",
        "--mode=all",
        # One: CPython 3.11 may fail in `ast` where several threads use it.
        "--workers=1",
        "--request-timeout=20",
        # The same cases every time: a failure of CI is one that anybody can see again.
        "--generation-deterministic",
        "--continue-on-failure",
        "--no-color",
    ]
    return subprocess.run(command, env=env, cwd=folder, check=False, timeout=SECONDS * 6).returncode


def _wait(url: str, key: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _told(log: Path) -> dict[str, str]:
    """The settings that the sandbox prints once it listens."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = dict(re.findall(r"((?:CALENDLY|VAI)_API_\w+)=(\S+)", log.read_text(encoding="utf-8")))
        if len(found) == 4:
            return found
        time.sleep(0.1)
    raise SystemExit(f"The sandbox does not start: {log.read_text(encoding='utf-8')}")


@contextlib.contextmanager
def _running(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as file, subprocess.Popen(command, env=env, stdout=file, stderr=file) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _run(command: list[str], env: dict[str, str]) -> str:
    ran = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{' '.join(command)}: {ran.stdout}")
    return ran.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
