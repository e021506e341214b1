"""Checks that run behind the pages, one at a time, whatever the pages do meanwhile.

A page may be reloaded, left or closed: the check goes on and is kept. One at a time, because the networks already use every
core; whoever comes second sees how many are before him. Nothing here knows Streamlit.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from onrecord.errors import OnRecordError

if TYPE_CHECKING:
    from onrecord.records import CheckedArticle, CheckedClaim, Document
    from onrecord.workflow import Progress

log = logging.getLogger(__name__)


class State(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Stopped(Exception):  # noqa: N818  not an error: somebody asked for it. Not an OnRecordError either, which is a failed step.
    """Raised inside a check, from its progress callback, when it was asked to stop."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A job at one moment."""

    state: State
    stage: str
    done: int
    total: int
    """Claims decided, and claims in all; 0 before the claims are known."""
    seconds_left: float | None
    before: int
    """Jobs that come first."""
    claims: tuple[CheckedClaim, ...]
    """Those decided so far."""
    check_id: str
    error: str


@dataclass
class Job:
    """One check on its way. All access goes through its lock."""

    document: Document
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _state: State = State.WAITING
    _stage: str = ""
    _done: int = 0
    _total: int = 0
    _first: float | None = None
    _claims: list[CheckedClaim] = field(default_factory=list)
    _check_id: str = ""
    _error: str = ""

    def progress(self, progress: Progress) -> None:
        """Note where the check is.

        Raises:
            Stopped: somebody asked for it.
        """
        if self._stop.is_set():
            raise Stopped
        with self._lock:
            if progress.stage == "claims decided":
                self._done, self._total = progress.done, progress.total
            else:
                self._stage = progress.stage
                if progress.stage == "searching" and self._first is None:
                    self._first = time.monotonic()

    def decided(self, claim: CheckedClaim) -> None:
        """Note a decided claim."""
        with self._lock:
            self._claims.append(claim)

    def stop(self) -> None:
        """Ask the check to end at its next step; nothing of it is kept."""
        self._stop.set()

    def standing(self, before: int = 0) -> Standing:
        """Return where the job stands now."""
        with self._lock:
            left = None
            if self._first is not None and self._done and self._state is State.RUNNING:
                left = (time.monotonic() - self._first) / self._done * (self._total - self._done)
            return Standing(
                state=self._state,
                stage=self._stage,
                done=self._done,
                total=self._total,
                seconds_left=left,
                before=before,
                claims=tuple(self._claims),
                check_id=self._check_id,
                error=self._error,
            )

    def run(self, work: Callable[[Job], CheckedArticle]) -> None:
        """Do the work and note how it ended. A failure is a message for a person; its trace goes to the log."""
        with self._lock:
            self._state = State.STOPPED if self._stop.is_set() else State.RUNNING
            if self._state is State.STOPPED:
                return
        try:
            checked = work(self)
        except Stopped:
            self._end(State.STOPPED)
        except OnRecordError as error:
            log.warning("check %s failed: %s", self.id, error)
            self._end(State.FAILED, error=str(error))
        except Exception:  # the last line before the thread ends: whatever it was, the person must hear of it
            log.exception("check %s failed unexpectedly", self.id)
            self._end(State.FAILED, error=UNEXPECTED)
        else:
            self._end(State.DONE, check_id=checked.id)

    def _end(self, state: State, *, check_id: str = "", error: str = "") -> None:
        with self._lock:
            self._state, self._check_id, self._error = state, check_id, error


UNEXPECTED = (
    "Something went wrong that was not foreseen, and nothing was concluded from it. The details are in the server’s log. "
    "Try once more; if it happens again, send that part of the log to whoever looks after this server."
)

KEEP = 200
"""Finished jobs remembered, so that a page that comes back finds its own; the checks themselves are in the database."""


class Runner:
    """Runs jobs one after another."""

    def __init__(self) -> None:
        """Start with no job."""
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="onrecord-check")
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def submit(self, document: Document, work: Callable[[Job], CheckedArticle]) -> Job:
        """Queue ``work`` and return its job."""
        job = Job(document=document)
        with self._lock:
            self._jobs[job.id] = job
            for old in list(self._jobs)[:-KEEP]:
                if self._jobs[old].standing().state not in {State.WAITING, State.RUNNING}:
                    del self._jobs[old]
        self._pool.submit(job.run, work)
        return job

    def prepare(self, work: Callable[[], None]) -> None:
        """Queue work that no page waits for, such as loading the models; its failure is logged and shown by the next check."""
        self._pool.submit(_quietly, work)

    def find(self, job_id: str) -> Job | None:
        """Return the job with this identity, if it is still remembered."""
        with self._lock:
            return self._jobs.get(job_id)

    def standing(self, job: Job) -> Standing:
        """Return where ``job`` stands, with the number of jobs that come first."""
        with self._lock:
            earlier = list(self._jobs.values())
        before = 0
        for other in earlier:
            if other is job:
                break
            before += other.standing().state in {State.WAITING, State.RUNNING}
        return job.standing(before)


def _quietly(work: Callable[[], None]) -> None:
    try:
        work()
    except OnRecordError as error:
        log.warning("could not get ready: %s", error)
    except Exception:  # as in Job.run
        log.exception("could not get ready")
