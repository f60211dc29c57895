"""What is set wrongly is said, with what to type, and without a secret."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks

from calendly_integration.checks import TAG
from calendly_integration.sandbox.seeds import TOKEN

SECRET = "canary-5f2c-canary-5f2c"


def ids(*, deploy: bool = False) -> set[str]:
    """What the checks find. Every finding has a hint, and none shows a secret."""
    found = run_checks(tags=[TAG], include_deployment_checks=deploy)
    assert all(message.hint for message in found)
    assert SECRET not in " ".join(f"{message.msg} {message.hint}" for message in found)
    return {str(message.id).removeprefix("calendly.") for message in found}


def text(number: str) -> str:
    (found,) = [one for one in run_checks(tags=[TAG]) if one.id == f"calendly.{number}"]
    return f"{found.msg} {found.hint}"


def test_the_reference_project_passes(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {}
    assert ids() == set()


def test_what_production_needs_is_asked_for_before_deployment(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {}
    assert ids(deploy=True) == {"W001", "W002", "W003"}


def test_a_complete_deployment_has_no_warning(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {
        "API_KEY": SECRET,
        "WEBHOOK_SECRETS": [SECRET],
        "ENCRYPTION_KEYS": [Fernet.generate_key().decode()],
        "PORTAL_URL": "https://portal.example/api",
        "PORTAL_KEY": SECRET,
    }
    assert ids(deploy=True) == set()


def test_a_misspelt_key_is_an_error_that_names_the_right_one(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = {"WEBHOOK_SECRET": [SECRET]}
    assert ids() == {"E001"}
    assert "Did you mean WEBHOOK_SECRETS?" in text("E001")


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"ZZZ": SECRET}, "E001"),
        ({"API_KEY": None}, "E002"),
        ({"API_KEY": [SECRET]}, "E002"),
        ({"WEBHOOK_SECRETS": {SECRET: 1}}, "E002"),
        ({"ENCRYPTION_KEYS": [SECRET, None]}, "E002"),
        ({"WEBHOOK_TOLERANCE": "180"}, "E002"),
        ({"WEBHOOK_TOLERANCE": True}, "E002"),
        ({"CALLS_PER_MINUTE": "many"}, "E002"),
        ({"CALLS_PER_MINUTE": -1}, "E002"),
        ({"START_ON_TODAY": "yes"}, "E002"),
        ({"API_URL": "api.calendly.com"}, "E003"),
        ({"API_URL": ""}, "E003"),
        ({"PUBLIC_URL": "ftp://portal.example"}, "E003"),
        ({"PORTAL_URL": "http://[", "PORTAL_KEY": SECRET}, "E003"),
        ({"PORTAL_URL": f"https://me:{SECRET}@portal.example", "PORTAL_KEY": SECRET}, "E003"),
        ({"SYSTEM_EMAIL": "agent"}, "E011"),
        ({"SYSTEM_EMAIL": "agent@portal.example "}, "E011"),
        ({"DEFAULT_TIME_ZONE": "Europe/Bucuresti"}, "E004"),
        ({"DEFAULT_TIME_ZONE": "Europe"}, "E004"),
        ({"DEFAULT_TIME_ZONE": "../etc/passwd"}, "E004"),
        ({"DEFAULT_TIME_ZONE": ""}, "E004"),
        ({"WEBHOOK_TOLERANCE": 0}, "E005"),
        ({"WEBHOOK_TOLERANCE": 86_400}, "E005"),
        ({"ENCRYPTION_KEYS": SECRET}, "E006"),
        ({"ENCRYPTION_KEYS": [f"{SECRET}ș"]}, "E006"),
        ({"PORTAL_URL": "https://portal.example"}, "E007"),
        ({"PORTAL_URL": "https://portal.example", "PORTAL_KEY": f"{SECRET}\n"}, "E007"),
    ],
)
def test_what_is_wrong_is_an_error(settings: Any, given: dict[str, Any], number: str) -> None:
    settings.CALENDLY_INTEGRATION = given
    assert ids() == {number}
    assert number in ids(deploy=True)


def test_settings_that_are_no_dict_are_an_error(settings: Any) -> None:
    settings.CALENDLY_INTEGRATION = 5
    assert ids() == {"E002"}


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ({"API_URL": "http://calendly.example", "API_KEY": SECRET}, True),
        ({"PORTAL_URL": "http://portal.example", "PORTAL_KEY": SECRET}, True),
        ({"PORTAL_URL": "http://127.0.0.1:9000", "PORTAL_KEY": SECRET}, False),
        ({"API_URL": "http://calendly.example"}, False),
    ],
)
def test_a_key_sent_in_clear_is_warned_of(settings: Any, given: dict[str, Any], warned: bool) -> None:
    settings.CALENDLY_INTEGRATION = given
    assert ("W004" in ids(deploy=True)) is warned


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"WEBHOOK_SECRETS": ["x"]}, "E008"),
        ({"WEBHOOK_SECRETS": ["a-long-random-signing-key-of-ours", "short"]}, "E008"),
        ({"WEBHOOK_SECRETS": "fifteen-letters"}, "E008"),
        ({"API_KEY": TOKEN}, "E009"),
        ({"API_URL": "http://127.0.0.1:8010"}, "E010"),
        ({"API_URL": "http://127.8.9.1:8010"}, "E010"),
        ({"API_URL": "http://[::1]:8010"}, "E010"),
        ({"API_URL": "https://localhost"}, "E010"),
        ({"API_URL": "https://calendly.localhost"}, "E010"),
    ],
)
def test_what_belongs_to_a_desk_is_an_error_in_production(
    settings: Any, given: dict[str, Any], number: str
) -> None:
    settings.CALENDLY_INTEGRATION = given
    assert number not in ids()
    assert ids(deploy=True) & {"E008", "E009", "E010"} == {number}


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"name": "portal", "orm": "default"},
        {
            "name": "portal",
            "sync": True,
            "timeout": 5,
            "retry": 4,
            "max_attempts": 0,
            "catch_up": True,
            "workers": 1,
        },
        {"name": "portal", "timeout": 5, "ALT_CLUSTERS": {"calendly": {"timeout": 30, "retry": 300}}},
        {"name": "portal", "timeout": 5, "ALT_CLUSTERS": {"other": {}}},
        {"name": "calendly", "timeout": 20},
    ],
)
def test_the_portals_own_queue_is_its_own_business(settings: Any, given: dict[str, Any] | None) -> None:
    settings.Q_CLUSTER = given
    assert ids() == set()


@pytest.mark.parametrize("vendor", ["mysql", "oracle"])
def test_other_databases_are_refused(monkeypatch: pytest.MonkeyPatch, vendor: str) -> None:
    use(monkeypatch, Database(vendor))
    assert ids() == {"E042"}


def test_times_without_zones_are_an_error(settings: Any) -> None:
    settings.USE_TZ = False
    assert "E040" in ids()


class Database:
    """A connection as the checks see it."""

    def __init__(self, vendor: str, **given: Any) -> None:
        self.vendor, self.settings_dict = vendor, given


GOOD = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode = WAL;"}


@pytest.mark.parametrize("lacking", ["transaction_mode", "timeout", "init_command"])
def test_sqlite_needs_all_three(monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    options = {key: value for key, value in GOOD.items() if key != lacking}
    use(monkeypatch, Database("sqlite", OPTIONS=options))
    assert ids() == {"W041"}
    assert "E041" in ids(deploy=True)
    use(monkeypatch, Database("sqlite", OPTIONS=GOOD))
    assert ids() == set()


@pytest.mark.parametrize(
    ("mode", "folder_mode", "warned"),
    [(0o644, 0o755, True), (0o640, 0o755, True), (0o600, 0o755, False), (0o644, 0o700, False)],
)
def test_files_that_others_can_read_are_warned_of(
    monkeypatch: pytest.MonkeyPatch, settings: Any, mode: int, folder_mode: int, warned: bool
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        settings.BASE_DIR = folder
        for file in ("db.sqlite3", "db.sqlite3-wal", ".secret_key"):
            (folder / file).touch()
            (folder / file).chmod(mode)
        folder.chmod(folder_mode)
        use(monkeypatch, Database("sqlite", OPTIONS=GOOD, NAME=str(folder / "db.sqlite3")))
        assert ids() == ({"W043"} if warned else set())
        if warned:
            assert text("W043").count(name) == 3


def use(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    monkeypatch.setattr("calendly_integration.checks._database.connections", {"default": database})
