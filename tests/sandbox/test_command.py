from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_end(number, tmp_path):
    arguments = ["--port", "0", "--portal-port", "0", "--state", str(tmp_path / "state.json"), "--seed", "3"]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "calendly_sandbox", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        shown = "".join(process.stdout.readline() for _ in range(5))
        calendly, portal = re.findall(r"_API_URL=(\S+)", shown)
        assert requests.get(calendly + "/", timeout=5).status_code == 200
        assert requests.get(portal + "/", timeout=5).status_code == 200
        process.send_signal(number)
        rest, _ = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, rest) == (0, "Ended.\n")
    assert (tmp_path / "state.json").exists()
