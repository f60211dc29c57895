"""The worker's child processes: django-q2's cluster in a group of its own, and a stand-in for its queue."""

import contextlib
import ctypes
import gc
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.core.management import BaseCommand, get_commands, load_command_class
from django.db import DatabaseError, connections
from django.utils import timezone
from django.utils.translation import gettext

from .. import jobs
from ..services import worker

# All that tasks need is loaded before the fork: loaded after it, each worker would hold a copy of its own.

log = logging.getLogger("calendly.supervisor")

# Web answers come before background work where the two share a machine.
NICENESS = 10
PR_SET_PDEATHSIG = 1
M_ARENA_MAX = -8
# Seconds after which a cluster has started its sentinel.
SETTLED = 5.0
# Seconds for which a dead process may wait for the sentinel, which looks twice a second but may stand before a
# locked database meanwhile.
NEGLECT = 30.0


class Cluster:
    """One cluster at a time: started, looked at, asked to stop, killed."""

    def __init__(self) -> None:
        self.pid = 0
        self._lifeline = -1
        self._started = 0.0
        self._gone = True
        self._dead: dict[str, float] = {}

    def start(self) -> None:
        """Fork. Forked and not executed anew, so that its processes share our memory: they are nine."""
        theirs, self._lifeline = os.pipe()
        command = load_command_class(get_commands()["qcluster"], "qcluster")
        jobs.refuse_foreign_tasks()
        gettext("Yes")  # the catalogue of translations, some MB, is loaded by the first text
        with contextlib.suppress(Exception):
            worker.rehearse()
        connections.close_all()  # a connection must not be used on both sides of a fork
        gc.collect()
        gc.freeze()  # the collector shall not copy what is shared
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._lifeline)
            _run(lambda: _be_the_cluster(command, theirs), parent)
        os.close(theirs)
        self._started, self._gone, self._dead = time.monotonic(), False, {}

    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def running(self) -> bool:
        """False once its main process has ended."""
        if not self._gone:
            with contextlib.suppress(ChildProcessError):
                self._gone = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return not self._gone

    def illness(self) -> str:
        """What one sees of it from outside, in words; "" where nothing is wrong. Linux only: elsewhere the
        heartbeat finds out, later. To be asked every few seconds.
        """
        if self.age() < SETTLED:
            return ""
        sentinels = _children(self.pid)
        if sentinels is None:
            return ""
        # After a SIGTERM to the group its main process has lost its only child, and hangs so for ever.
        if not any(_lives(pid) for pid in sentinels):
            return "its sentinel is gone"
        # A worker that is killed just as it hands in a result takes a lock along for which the sentinel then
        # waits for ever. The others work on and answer every beat, but whoever else dies is not replaced.
        self._dead = {
            pid: self._dead.get(pid, time.monotonic())
            for sentinel in sentinels
            for pid in _children(sentinel) or ()
            if not _lives(pid)
        }
        if self._dead and time.monotonic() - min(self._dead.values()) > NEGLECT:
            return "its sentinel replaces nobody"
        return ""

    def stop(self, *, within: float) -> None:
        """Ask it to end, and its drains to finish what is on its way; kill what is left after `within` s."""
        self._let_go()
        if self.running():
            # To the main process only: a SIGTERM to the group cuts its tasks, and it hangs.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + within
        while self.running() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.kill()

    def kill(self) -> None:
        """End every process of its group now."""
        self._let_go()
        if not self.pid:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if not self._gone:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)  # it may not have come to its group yet
                os.waitpid(self.pid, 0)
            self._gone = True

    def _let_go(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


class FallbackSweep:
    """One sweep in a process of its own, for times when the queue takes no tasks."""

    def __init__(self) -> None:
        self._pid = 0

    def start(self) -> None:
        """Sweep, unless the sweep before still runs. Takes a minute at most."""
        if self.running():
            return
        connections.close_all()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _run(lambda: worker.sweep(clock=timezone.now), parent)

    def running(self) -> bool:
        """False once it has ended."""
        if self._pid:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(self._pid, os.WNOHANG)[0] == 0:
                    return True
            self._pid = 0
        return False

    def kill(self) -> None:
        """End it now: what it held comes due again."""
        if self.running():
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _children(pid: int | str) -> list[str] | None:
    """The process's children, dead ones that it has not noticed among them. None where one cannot tell."""
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return None


def _lives(pid: str) -> bool:
    """False for one that has died and only waits for its parent to notice."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return not stat.rpartition(")")[2].lstrip().startswith("Z")


def _be_the_cluster(command: BaseCommand, lifeline: int) -> None:
    worker.hold_lifeline(lifeline)
    logging.getLogger("django-q").addFilter(_brief)
    command.handle()
    # The command returns once the sentinel runs; the cluster is at its end when the sentinel is.
    for child in multiprocessing.active_children():
        child.join()


def _run(act: Callable[[], None], parent: int) -> None:
    """What a forked child does, and nothing after it."""
    code = 1
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        _tune(parent)
        act()
        code = 0
    except BaseException as error:
        known = isinstance(error, RuntimeError)  # so it says when its broker does not answer
        log.exception("A process of the worker failed: %s.", type(error).__name__, exc_info=not known)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _brief(record: logging.LogRecord) -> bool:
    """A database or Redis that is away is one line, not a page, every ten seconds."""
    kind = record.exc_info[0] if record.exc_info else None
    if kind and (issubclass(kind, DatabaseError | OSError) or kind.__module__.startswith("redis")):
        record.msg, record.args, record.exc_info = f"{record.getMessage()}: {kind.__name__}", (), None
    return True


def _tune(parent: int) -> None:
    """Be polite, be small, and leave no orphans."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    # Fifty sender threads would otherwise each keep freed memory in an arena of their own.
    libc.mallopt(M_ARENA_MAX, 2)
    # The kernel kills each process of the cluster when its parent dies, however that comes about: a killed
    # supervisor, main process or sentinel leaves nobody behind who works on as a second cluster.
    _die_with(parent, libc)
    forking = [0]

    def before() -> None:
        forking[0] = os.getpid()

    os.register_at_fork(before=before, after_in_child=lambda: _die_with(forking[0], libc))


def _die_with(parent: int, libc: ctypes.CDLL) -> None:
    """Die when the parent does. If it died before this was asked for nobody would tell: then die at once."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
