"""Our worker runs our tasks alone, whatever somebody has put into the queue."""

import queue
import threading
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.test import Client
from django_q import cluster, worker
from django_q.admin import ScheduleAdmin
from django_q.models import Schedule
from django_q.tasks import async_task

from calendly_integration import jobs
from calendly_integration.checks import TAG


class Timer:
    """The number that django-q2 shares between its processes."""

    value = 0.0

    def get_lock(self) -> Any:
        return threading.Lock()


def work_off(*tasks: dict[str, Any]) -> list[dict[str, Any]]:
    """What a worker process makes of tasks."""
    waiting: queue.Queue[Any] = queue.Queue()
    done: queue.Queue[Any] = queue.Queue()
    for task in tasks:
        waiting.put({"id": "1", "name": "n", "args": (), "kwargs": {}} | task)
    waiting.put("STOP")
    worker.worker(waiting, done, Timer(), 60)
    return [done.get_nowait() for _ in tasks]


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """A file that must not come to be."""
    return tmp_path / "marked"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("func", ["subprocess.check_output", "pathlib.Path.touch", Path.touch, None, 5, []])
def test_a_function_that_is_not_ours_is_not_called(func: Any, marked: Path) -> None:
    args = (["touch", str(marked)],) if func == "subprocess.check_output" else (marked,)
    (result,) = work_off({"func": func, "args": args, "hook": "os.remove"})
    assert not marked.exists()
    assert result["success"] is False
    assert "is not a task of calendly_integration" in result["result"]
    assert "hook" not in result


@pytest.mark.django_db(transaction=True)
def test_a_module_that_is_not_ours_is_not_even_imported(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "imported_by_a_task.py").write_text(f"open({str(tmp_path / 'marked')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    (result,) = work_off({"func": "imported_by_a_task.anything"})
    assert result["success"] is False
    assert not (tmp_path / "marked").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("extra", [{}, {"hook": "os.remove"}])
def test_our_own_tasks_run_and_call_nothing_afterwards(extra: dict[str, str]) -> None:
    (result,) = work_off({"func": jobs.HOUSEKEEPING, **extra})
    assert result["success"] is True, result["result"]
    assert "hook" not in result


@pytest.mark.django_db(transaction=True)
def test_a_task_that_asks_to_be_run_at_once_is_refused_too(marked: Path) -> None:
    with pytest.raises(jobs.ForeignTask):
        async_task("subprocess.check_output", ["touch", str(marked)], sync=True, hook="os.remove")
    assert not marked.exists()


def test_every_cluster_of_the_reference_project_is_guarded() -> None:
    """`qcluster` starts what these two names stand for."""
    assert cluster.worker is worker.worker is jobs.run_own_tasks


@pytest.mark.django_db
def test_nobody_edits_schedules_in_the_admin_of_the_reference_project() -> None:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.create_superuser("root"))
    for model in ("schedule", "success", "failure", "ormq"):
        for page in ("", "add/", "1/change/"):
            assert browser.get(f"/admin/django_q/{model}/{page}").status_code == 404
    assert "django_q" not in browser.get("/admin/").text


def test_a_portal_whose_staff_may_write_schedules_is_warned(monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> list[str]:
        return [
            str(one.hint)
            for one in run_checks(tags=[TAG], include_deployment_checks=True)
            if one.id == "calendly.W023"
        ]

    assert found() == []
    monkeypatch.setitem(admin.site._registry, Schedule, ScheduleAdmin(Schedule, admin.site))
    assert len(found()) == 1
    assert "admin.site.unregister" in found()[0]
