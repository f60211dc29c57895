"""The worker as it really runs: a supervisor, a cluster, and things that die."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from calendly_integration.sandbox.portal import Portal

from .databases import migrated

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
TELL = """
from django.utils import timezone
from calendly_integration import jobs
from calendly_integration.services import outbox
outbox.add([outbox.Draft(queue=f"{{n % 7}}", path="/analytics/log", body={{"n": n}}, once_key=f"{0}-{{n}}")
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

    def start(self, *command: str, processes: int = 9) -> None:
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
        """The supervisor, the main process, the sentinel, and the sentinel's six."""
        found = [self.pid]
        for pid in found:
            found += children(pid)
        return found

    def tell(self, name: str, count: int) -> None:
        self.shell(TELL.format(name, count))

    def shell(self, code: str) -> None:
        self.manage("shell", "-v0", "-c", code)

    def waiting(self) -> int:
        with sqlite3.connect(self.database, timeout=20) as account:
            (count,) = account.execute(
                "SELECT count(*) FROM calendly_integration_outboxmessage WHERE status <> 'sent'"
            ).fetchone()
        return int(count)

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


def test_without_its_queue_the_supervisor_sweeps_itself(tmp_path: Path, portal: Portal) -> None:
    worker = Worker(tmp_path, portal)
    worker.tell("e", 10)
    worker.env["REDIS_URL"] = "redis://127.0.0.1:9/0"  # nobody listens there
    worker.start(processes=1)
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


MAIN, SENTINEL = 1, 2
SENTINELS_SIX = slice(3, 9)  # four workers, the monitor, the pusher


@pytest.mark.parametrize(
    ("victim", "kill"),
    [
        (MAIN, os.kill),
        (SENTINEL, os.kill),
        (MAIN, os.killpg),
    ],
    ids=["main", "sentinel", "group"],
)
def test_a_killed_cluster_is_replaced_and_the_work_goes_on(
    worker: Worker, portal: Portal, victim: int, kill: Callable[[int, int], None]
) -> None:
    before = worker.tree()
    kill(before[victim], signal.SIGKILL)
    assert until(lambda: len(worker.tree()) == 9 and worker.tree()[1:] != before[1:], 15)
    assert not any(alive(pid) for pid in before[1:])
    worker.tell("b", 20)
    assert until(lambda: worker.waiting() == 0, 30), worker.log.read_text()
    assert len(portal.messages()) == 20


def test_each_of_the_sentinels_six_may_be_killed_while_it_is_idle(tmp_path: Path, portal: Portal) -> None:
    """Fault 2. Of the idle workers one holds the lock of the queue that they share: killed, it takes the others
    along, and the cluster stands still without a word until its beats are missed."""
    worker = Worker(tmp_path, portal)
    worker.start("-m", "tests.journeys.watchful")
    try:
        for number in range(6):
            before = worker.tree()
            os.kill(before[SENTINELS_SIX][number], signal.SIGKILL)
            told = len(portal.messages())
            worker.tell(f"idle-{number}", 5)
            assert until(lambda: worker.waiting() == 0, 40), worker.log.read_text()
            assert len(portal.messages()) == told + 5
            assert until(lambda old=before: whole_again(worker, old), 40), worker.log.read_text()
        assert all(message.tries == 1 for message in portal.messages())
        everybody = worker.tree()
    finally:
        worker.stop()
    assert until(lambda: not any(alive(pid) for pid in everybody), 5)


def whole_again(worker: Worker, before: list[int]) -> bool:
    """Nine processes live, and not the nine of before."""
    now = worker.tree()
    return len(now) == 9 and now != before and all(alive(pid) for pid in now)


def test_a_worker_killed_while_it_hands_in_a_result_does_not_leave_the_cluster_unguarded(
    tmp_path: Path, portal: Portal
) -> None:
    """Fault 2. The sentinel waits for ever for a lock that the dead one held: the others answer every beat, and
    nobody who dies after that is replaced."""
    worker = Worker(tmp_path, portal)
    worker.start("-m", "tests.journeys.watchful")
    try:
        before = worker.tree()
        worker.shell(POISON.format([("tests.journeys.watchful.killed_handing_in",)]))
        assert until(lambda: worker.tree()[1:2] != before[1:2], 60), worker.log.read_text()
        assert "its sentinel replaces nobody" in worker.log.read_text()
        worker.tell("unguarded", 5)
        assert until(lambda: worker.waiting() == 0, 40), worker.log.read_text()
        assert until(lambda: whole_again(worker, before), 40), worker.log.read_text()
    finally:
        worker.stop()


@pytest.mark.parametrize(
    ("victim", "end"),
    [(0, os.kill), (MAIN, os.kill), (MAIN, os.killpg)],
    ids=["supervisor", "main", "group"],
)
def test_a_sigterm_in_the_middle_of_the_work_loses_nothing(
    worker: Worker, portal: Portal, victim: int, end: Callable[[int, int], None]
) -> None:
    """Fault 3. Who ends in order finishes what is on its way, so nothing is told twice; a group that is cut off
    leaves leases, and tells again under the same keys once they have ended."""
    portal.latency = 0.05
    worker.tell("f", 400)
    assert until(lambda: len(portal.messages()) > 50, 20), worker.log.read_text()
    before = worker.tree()
    began = time.monotonic()
    end(before[victim], signal.SIGTERM)
    if victim == 0:
        assert worker.process
        assert worker.process.wait(25) == 0
        assert time.monotonic() - began < 25
        assert not any(alive(pid) for pid in before)
        assert 0 < worker.waiting() < 400
        worker.start()
    portal.latency = 0.0
    assert until(lambda: worker.waiting() == 0, 120), worker.log.read_text()
    assert until(lambda: not any(alive(pid) for pid in before[MAIN:]), 30)
    assert len(portal.messages()) == 400
    assert all(message.accepted for message in portal.messages())
    if end is os.kill:
        assert all(message.times_accepted == 1 for message in portal.messages())


POISON = """
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task
for call in {0}:
    async_task(*call)
for text in ("", "no message at all", "gASVCgAAAAAAAACMBnBvaXNvbpQu:1vNxyz:forged"):
    OrmQ.objects.create(key="calendly", payload=text, lock=timezone.now())
"""
# A handler that ends its process, one that wants to, one without end, one that is not there.
POISONOUS = [("os._exit", 1), ("sys.exit", 3), ("tests.journeys.watchful.endless",), ("nobody.knows",)]


def test_poisoned_tasks_in_the_queue_stop_nobody(tmp_path: Path, portal: Portal) -> None:
    """Fault 28."""
    worker = Worker(tmp_path, portal)
    worker.start("-m", "tests.journeys.watchful")
    try:
        worker.shell(POISON.format(POISONOUS))
        for number in range(3):
            worker.tell(f"poison-{number}", 5)
            assert until(lambda: worker.waiting() == 0, 70), worker.log.read_text()
        assert len(portal.messages()) == 15
        assert all(message.tries == 1 for message in portal.messages())
        assert until(lambda: len(worker.tree()) == 9 and all(alive(pid) for pid in worker.tree()), 20)
        assert alive(worker.pid)
    finally:
        worker.stop()


SCHEDULED = """
from datetime import timedelta
from django.utils import timezone
from django_q.models import Schedule
for number, hook in enumerate((None, "os.remove")):
    Schedule.objects.create(func="subprocess.check_output", args=f"['touch', '{0}-{{number}}']", hook=hook,
                            schedule_type="O", next_run=timezone.now() - timedelta(hours=1))
"""


@pytest.mark.parametrize(("command", "processes"), [("calendly_worker", 9), ("qcluster", 8)])
def test_a_schedule_of_a_foreign_function_is_refused(
    tmp_path: Path, portal: Portal, command: str, processes: int
) -> None:
    """Both ways to run a worker: what a row in the table of schedules names is not run, our own work is."""
    worker = Worker(tmp_path, portal)
    worker.shell(SCHEDULED.format(tmp_path / "marked"))
    if command == "qcluster":  # our schedules are made by the supervisor
        worker.shell(
            "from calendly_integration import jobs; from django.utils import timezone\n"
            "jobs.ensure_schedules(timezone.now())"
        )
    worker.start("manage.py", command, processes=processes)
    try:
        refused = "subprocess.check_output is not a task of calendly_integration"
        assert until(lambda: worker.log.read_text().count(refused) >= 2, 45), worker.log.read_text()
        assert not list(tmp_path.glob("marked*"))
        worker.tell("foreign", 5)
        assert until(lambda: worker.waiting() == 0, 40), worker.log.read_text()
    finally:
        worker.stop()


def test_a_sigterm_to_the_whole_group_is_survived(worker: Worker, portal: Portal) -> None:
    before = worker.tree()
    os.killpg(before[MAIN], signal.SIGTERM)
    assert until(lambda: len(worker.tree()) == 9 and not set(worker.tree()[1:]) & set(before[1:]), 30)
    worker.tell("c", 20)
    assert until(lambda: worker.waiting() == 0, 30), worker.log.read_text()


def test_a_killed_supervisor_leaves_no_orphans(worker: Worker) -> None:
    everybody = worker.tree()
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.process
    worker.process.wait(5)
    assert until(lambda: not any(alive(pid) for pid in everybody), 5)


def test_a_worker_killed_while_it_tells_loses_nothing(worker: Worker, portal: Portal) -> None:
    portal.latency = 0.05
    worker.tell("d", 400)
    assert until(lambda: len(portal.messages()) > 50, 20)
    os.killpg(worker.tree()[MAIN], signal.SIGKILL)
    portal.latency = 0.0
    # What was on its way comes due when its lease ends.
    assert until(lambda: worker.waiting() == 0, 120), worker.log.read_text()
    assert len(portal.messages()) == 400
