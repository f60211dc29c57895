"""The worker as it really runs: a supervisor, its worker process, and things that die."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from calendly_integration.sandbox.portal import Portal

from .databases import migrated

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
TELL = """
from django.utils import timezone
from calendly_integration import jobs
from calendly_integration.services import outbox
outbox.add([outbox.Draft(queue=f"{2}{{n % {3}}}", path="/analytics/log", body={{"n": n}}, once_key=f"{0}-{{n}}")
            for n in range({1})], now=timezone.now())
"""


class Worker:
    """`manage.py calendly_worker` on a database of its own."""

    def __init__(self, folder: Path, portal: Portal) -> None:
        self.database = folder / "worker.sqlite3"
        self.log = folder / "worker.log"
        self.env = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DJANGO_SECRET_KEY": "of a test",
            "VAI_API_URL": portal.url,
            "VAI_API_KEY": "key",
        }
        shutil.copy(migrated(), self.database)
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, check=True)

    def start(self, *command: str, processes: int = 2) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(command or ("manage.py", "calendly_worker"))],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert until(lambda: len(self.tree()) >= processes, 20), self.log.read_text()

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def tree(self) -> list[int]:
        """The supervisor and its worker process; of a `qcluster` all its processes."""
        found = [self.pid]
        for pid in found:
            found += children(pid)
        return found

    def tell(self, name: str, count: int, *, queue: str = "", queues: int = 7) -> None:
        self.shell(TELL.format(name, count, queue, queues))

    def shell(self, code: str) -> None:
        self.manage("shell", "-v0", "-c", code)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.database, timeout=20) as database:
            return database.execute(query).fetchall()

    def waiting(self, name: str = "") -> int:
        """How many messages are not sent, of all or of one `tell`."""
        table = "calendly_integration_outboxmessage"
        [(count,)] = self.rows(
            f"SELECT count(*) FROM {table} WHERE status <> 'sent' AND once_key LIKE '{name}%'"
        )
        return int(count)

    def slots(self) -> set[str]:
        """The tokens of the processes that hold a slot, and so do work."""
        held = "SELECT token FROM calendly_integration_workerslot WHERE token IS NOT NULL"
        return {token for (token,) in self.rows(held)}

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


def children(pid: int) -> list[int]:
    try:
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


@pytest.fixture
def portal() -> Iterator[Portal]:
    made = Portal("127.0.0.1", 0, key="key").start()
    yield made
    made.stop()


def test_it_works_without_its_queue(tmp_path: Path, portal: Portal) -> None:
    worker = Worker(tmp_path, portal)
    worker.tell("e", 10)
    worker.env["REDIS_URL"] = "redis://127.0.0.1:9/0"  # no server listens there
    worker.start()
    try:
        assert until(lambda: worker.waiting() == 0, 20), worker.log.read_text()
    finally:
        worker.stop()


@pytest.fixture
def worker(tmp_path: Path, portal: Portal) -> Iterator[Worker]:
    made = Worker(tmp_path, portal)
    made.start()
    yield made
    everybody = made.tree()
    made.stop()
    assert until(lambda: not any(alive(pid) for pid in everybody), 5)


def test_it_tells_the_portal_and_ends_in_time(worker: Worker, portal: Portal) -> None:
    worker.tell("a", 50)
    assert until(lambda: worker.waiting() == 0, 15), worker.log.read_text()
    assert len(portal.messages()) == 50
    assert all(message.tries == 1 for message in portal.messages())
    everybody = worker.tree()
    started = time.monotonic()
    worker.stop()
    assert time.monotonic() - started < 15
    assert until(lambda: not any(alive(pid) for pid in everybody), 2)
    assert "Traceback" not in worker.log.read_text()


SUPERVISOR, WORKER = 0, 1


def is_replaced(worker: Worker, before: list[int]) -> bool:
    """The supervisor is the same, the worker process is another one, and the old one is gone."""
    now = worker.tree()
    return len(now) == 2 and now[0] == before[0] and now[1] != before[1] and not alive(before[1])


def test_a_killed_worker_process_is_replaced_and_the_work_goes_on(worker: Worker, portal: Portal) -> None:
    """Fault 2."""
    for number in range(3):
        before = worker.tree()
        os.kill(before[WORKER], signal.SIGKILL)
        assert until(lambda old=before: is_replaced(worker, old), 15), worker.log.read_text()
        worker.tell(f"idle-{number}", 5)
        assert until(lambda: worker.waiting() == 0, 40), worker.log.read_text()
    assert len(portal.messages()) == 15
    assert all(message.tries == 1 for message in portal.messages())


def test_a_hanging_worker_process_is_replaced(tmp_path: Path, portal: Portal) -> None:
    """Fault 2: it lives, but does not work."""
    worker = Worker(tmp_path, portal)
    worker.start("-m", "tests.journeys.watchful")
    try:
        before = worker.tree()
        os.kill(before[WORKER], signal.SIGSTOP)
        worker.tell("hanging", 5)
        assert until(lambda: is_replaced(worker, before), 30), worker.log.read_text()
        assert until(lambda: worker.waiting() == 0, 40), worker.log.read_text()
        assert "it hangs" in worker.log.read_text()
    finally:
        worker.stop()


@pytest.mark.parametrize(
    ("victim", "end"),
    [(SUPERVISOR, os.kill), (WORKER, os.kill), (SUPERVISOR, os.killpg)],
    ids=["supervisor", "worker", "group"],
)
def test_a_sigterm_in_the_middle_of_the_work_loses_nothing(
    worker: Worker, portal: Portal, victim: int, end: Callable[[int, int], None]
) -> None:
    """Fault 3. What is under way is finished, so nothing is told twice."""
    portal.latency = 0.05
    worker.tell("f", 400)
    assert until(lambda: len(portal.messages()) > 50, 20), worker.log.read_text()
    before = worker.tree()
    began = time.monotonic()
    end(before[victim], signal.SIGTERM)
    if victim == SUPERVISOR:
        assert worker.process
        assert worker.process.wait(25) == 0
        assert time.monotonic() - began < 25
        assert not any(alive(pid) for pid in before)
        assert 0 < worker.waiting() < 400
        worker.start()
    portal.latency = 0.0
    assert until(lambda: worker.waiting() == 0, 120), worker.log.read_text()
    assert until(lambda: not alive(before[WORKER]), 30)
    assert len(portal.messages()) == 400
    assert all(message.times_accepted == 1 for message in portal.messages())


@pytest.mark.parametrize("poison", ["exit", "system-exit", "endless"])
def test_a_poisoned_message_stops_no_other(tmp_path: Path, portal: Portal, poison: str) -> None:
    """Fault 28: to send it ends the process, wants to end it, or has no end."""
    worker = Worker(tmp_path, portal)
    worker.start("-m", "tests.journeys.watchful")
    try:
        worker.shell(POISON.format(poison))
        for number in range(2):
            worker.tell(f"poison-{number}", 5)
            assert until(lambda: worker.waiting() == 1, 90), worker.log.read_text()
        assert len(portal.messages()) == 10
        assert until(lambda: len(worker.tree()) == 2 and all(alive(pid) for pid in worker.tree()), 20)
        assert alive(worker.pid)
    finally:
        worker.stop()


POISON = """
from django.utils import timezone
from calendly_integration.services import outbox
outbox.add([outbox.Draft(queue="poison", path="/poison/{0}", body={{}}, once_key="poison")], now=timezone.now())
"""
FOREIGN = """
from datetime import timedelta
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task
from calendly_integration import jobs
jobs.ensure_schedules(timezone.now())
for number, hook in enumerate((None, "os.remove")):
    Schedule.objects.create(func="subprocess.check_output", args=f"['touch', '{0}-{{number}}']", hook=hook,
                            schedule_type="O", next_run=timezone.now() - timedelta(hours=1), cluster=jobs.CLUSTER)
for call in (("os._exit", 1), ("sys.exit", 3), ("unknown.function",)):
    async_task(*call, cluster=jobs.CLUSTER)
for text in ("", "no message at all", "gASVCgAAAAAAAACMBnBvaXNvbpQu:1vNxyz:forged"):
    OrmQ.objects.create(key=jobs.CLUSTER, payload=text, lock=timezone.now())
Schedule.objects.filter(name="calendly: sync").delete()
"""


def test_what_stands_in_the_queue_does_not_touch_the_worker(
    worker: Worker, portal: Portal, tmp_path: Path
) -> None:
    """Faults 26 and 28: foreign schedules, poisoned tasks, broken messages, a deleted schedule."""
    before = worker.tree()
    worker.shell(FOREIGN.format(tmp_path / "marked"))
    worker.tell("queue", 5)
    assert until(lambda: worker.waiting() == 0, 20), worker.log.read_text()
    assert not list(tmp_path.glob("marked*"))
    assert worker.tree() == before


def test_a_plain_qcluster_does_the_work_and_refuses_foreign_tasks(tmp_path: Path, portal: Portal) -> None:
    """The fallback: sweeps follow each other, so that new work is found at once."""
    worker = Worker(tmp_path, portal)
    worker.shell(FOREIGN.format(tmp_path / "marked"))
    worker.start("manage.py", "qcluster", processes=6)
    try:
        refused = "subprocess.check_output is not a task of calendly_integration"
        assert until(lambda: worker.log.read_text().count(refused) >= 2, 75), worker.log.read_text()
        assert not list(tmp_path.glob("marked*"))
        worker.tell("first", 5)
        assert until(lambda: worker.waiting() == 0, 100), worker.log.read_text()
        worker.tell("second", 5)
        assert until(lambda: worker.waiting() == 0, 5), worker.log.read_text()
        assert all(message.tries == 1 for message in portal.messages())
    finally:
        worker.stop()


def test_a_killed_group_leaves_nothing_behind_and_loses_nothing(worker: Worker, portal: Portal) -> None:
    """Fault 2."""
    before = worker.tree()
    worker.tell("group", 20)
    os.killpg(before[SUPERVISOR], signal.SIGKILL)
    assert worker.process
    worker.process.wait(5)
    assert until(lambda: not any(alive(pid) for pid in before), 5)
    worker.start()
    assert until(lambda: worker.waiting() == 0, 60), worker.log.read_text()
    assert len(portal.messages()) == 20


def test_a_killed_supervisor_leaves_no_orphans(worker: Worker) -> None:
    everybody = worker.tree()
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.process
    worker.process.wait(5)
    assert until(lambda: not any(alive(pid) for pid in everybody), 5)


def test_a_worker_killed_while_it_tells_loses_nothing(tmp_path: Path, portal: Portal) -> None:
    worker = Worker(tmp_path, portal)
    worker.env["SHORT_LEASES"] = "yes"
    worker.start("-m", "tests.journeys.watchful")
    try:
        portal.latency = 0.05
        worker.tell("d", 400)
        assert until(lambda: len(portal.messages()) > 50, 20)
        os.kill(worker.tree()[WORKER], signal.SIGKILL)
        portal.latency = 0.0
        # What was on its way comes due when its lease ends.
        assert until(lambda: worker.waiting() == 0, 120), worker.log.read_text()
        assert len(portal.messages()) == 400
    finally:
        worker.stop()


@pytest.mark.parametrize("victim", [1, 2])
def test_where_one_of_two_processes_is_killed_the_other_works_on_and_a_new_one_joins_it(
    tmp_path: Path, portal: Portal, victim: int
) -> None:
    """Fault 2."""
    worker = Worker(tmp_path, portal)
    worker.start("manage.py", "calendly_worker", "--processes", "2", processes=3)
    try:
        assert until(lambda: len(worker.slots()) == 2, 20), worker.log.read_text()
        slots, before = worker.slots(), worker.tree()
        portal.latency = 0.3
        worker.tell("burst", 600, queues=200)
        assert until(lambda: len(portal.messages()) > 50, 20), worker.log.read_text()
        os.kill(before[victim], signal.SIGKILL)
        assert worker.waiting("burst") > 100
        portal.latency = 0.0
        # The other one works on: what the killed one holds is due 45 s later, and its slot is free 15 s later.
        worker.tell("after", 5, queue="after")
        assert until(lambda: worker.waiting("after") == 0, 8), worker.log.read_text()
        kept = [before[SUPERVISOR], before[3 - victim]]
        assert until(lambda: len(worker.tree()) == 3, 15), worker.log.read_text()
        now = worker.tree()
        assert all(pid in now and alive(pid) for pid in kept)
        assert before[victim] not in now
        assert until(lambda: len(worker.slots() - slots) == 1, 40), worker.log.read_text()
        assert len(worker.slots() & slots) == 1
        assert until(lambda: worker.waiting() == 0, 120), worker.log.read_text()
        assert len(portal.messages()) == 605
    finally:
        worker.stop()
