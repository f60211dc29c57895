from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError, call_command

from calendly_integration.sandbox import servers
from calendly_integration.sandbox.options import Options

ROOT = Path(__file__).parent.parent.parent


def run(*arguments):
    """The command with arguments that it refuses at once."""
    call_command("calendly_sandbox", "--port", "0", "--portal-port", "0", *arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--option", "colour=red"], "no such option: colour"),
        (["--option", "plan=golden"], "plan cannot be 'golden'"),
        (["--option", "webhook_double=1"], "webhook_double cannot be 1"),
        (["--uri-base", "calendly.test"], "uri_base is no http address"),
    ],
)
def test_a_misspelt_option_of_the_command_is_an_error(arguments, said):
    with pytest.raises(CommandError, match=said):
        run(*arguments)


def test_the_help_names_every_switch(capsys):
    with pytest.raises(SystemExit):
        run("--help")
    shown = "".join(capsys.readouterr().out.split())
    assert all(item.name in shown for item in fields(Options))


def test_a_second_host_and_switches_are_options_of_the_servers():
    given = ("plan=free", "page_token_seconds=60", "location_outcome=processing", "retry_after_header=true")
    with servers.run(port=0, portal_port=0, same_names=True, switches=given) as running:
        options = running.calendly.options
        assert (options.plan, options.page_token_seconds) == ("free", 60)
        assert (options.location_outcome, options.retry_after_header) == ("processing", True)
        names = [item.name for item in running.calendly.state.event_types.values()]
    assert names.count("Sales Demo") == 2


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_end(number, tmp_path):
    arguments = ["--port", "0", "--portal-port", "0", "--state", str(tmp_path / "state.json"), "--seed", "3"]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "calendly_sandbox", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
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
