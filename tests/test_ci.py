"""`.ci/run` says which tree has passed, and of no other."""

import subprocess
from pathlib import Path

import pytest

PASSED = Path(__file__).resolve().parent.parent / ".ci" / "passed.sh"


def sh(folder: Path, script: str) -> str:
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    (tmp_path / "file").write_text("one")
    author = "-c user.name=a -c user.email=a@example.com"
    sh(tmp_path, f"git init -q . && git add file && git {author} commit -qm First")
    return tmp_path


def passed(folder: Path) -> str:
    file = folder / ".git" / "ci-passed"
    return file.read_text().strip() if file.exists() else ""


def run(folder: Path, steps: str = "", between: str = "true") -> None:
    """A run whose steps succeed."""
    sh(folder, f"source {PASSED}; note_tree {steps}; {between}; record_pass")


def test_a_whole_run_of_a_commit_is_recorded(repository: Path) -> None:
    run(repository)
    assert passed(repository) == sh(repository, "git rev-parse HEAD^{tree}") != ""


def test_a_part_of_the_steps_is_not(repository: Path) -> None:
    run(repository, "lint newest")
    assert passed(repository) == ""


@pytest.mark.parametrize(
    "change", ["echo two > file", "echo x > new", "rm file", "echo two > file; git add ."]
)
def test_what_is_not_committed_is_not(repository: Path, change: str) -> None:
    sh(repository, change)
    run(repository)
    assert passed(repository) == ""


def test_a_run_that_fails_takes_back_what_an_earlier_one_has_recorded(repository: Path) -> None:
    run(repository)
    sh(repository, f"source {PASSED}; note_tree; exit 0")
    assert passed(repository) == ""


def test_what_was_tested_is_recorded_and_not_what_was_committed_meanwhile(repository: Path) -> None:
    before = sh(repository, "git rev-parse HEAD^{tree}")
    author = "-c user.name=a -c user.email=a@example.com"
    run(repository, between=f"echo two > file; git {author} commit -qam Second")
    assert passed(repository) == before
