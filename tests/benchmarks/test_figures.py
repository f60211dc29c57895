"""Each benchmark reaches its figures. Left out unless asked for: `pytest -m benchmark`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.benchmark
@pytest.mark.processes
@pytest.mark.parametrize("name", ["burst", "outage", "questions", "booking", "lists", "idle", "words"])
def test_the_figures_are_reached(name: str) -> None:
    database = "postgres" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", name, "--database", database],
        cwd=ROOT,
        check=False,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
