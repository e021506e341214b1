"""Work on the corpus that runs behind the pages: one at a time for the whole server, whoever looks on.

The corpus has one writer; a second one would be refused. A page may be left or closed: the work goes on, and its end is kept
until the next one begins. Nothing here knows Streamlit.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from onrecord.errors import CorpusBusyError, OnRecordError
from onrecord.ui.jobs import UNEXPECTED

if TYPE_CHECKING:
    from onrecord.records import UpdateReport, Verification
    from onrecord.workflow import Progress

    Outcome = UpdateReport | Verification | str
    Work = Callable[[Callable[[Progress], None]], Outcome]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work at one moment."""

    what: str
    who: str
    began: dt.datetime
    running: bool = True
    stage: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    outcome: Outcome | None = None
    error: str = ""


class Upkeep:
    """Runs one piece of work at a time and remembers the last."""

    def __init__(self) -> None:
        """Begin with nothing done."""
        self._lock = threading.Lock()
        self._task: Task | None = None

    def last(self) -> Task | None:
        """Return the work that runs, else the last that ran."""
        with self._lock:
            return self._task

    def start(self, what: str, who: str, work: Work) -> None:
        """Begin a piece of work.

        Raises:
            CorpusBusyError: another one runs.
        """
        with self._lock:
            if self._task is not None and self._task.running:
                message = (
                    f"{self._task.what} by {self._task.who} is going on: wait for it to end. The corpus has one writer."
                )
                raise CorpusBusyError(message)
            self._task = Task(what=what, who=who, began=dt.datetime.now(dt.UTC))
        threading.Thread(target=self._run, args=(work,), name="onrecord-upkeep", daemon=True).start()

    def _run(self, work: Work) -> None:
        try:
            self._note(outcome=work(self._progress))
        except OnRecordError as error:
            self._note(error=str(error))
        except Exception:  # the last line before the thread ends, as in jobs.Job
            log.exception("work on the corpus failed unexpectedly")
            self._note(error=UNEXPECTED)
        finally:
            self._note(running=False)

    def _progress(self, progress: Progress) -> None:
        self._note(stage=progress.stage, done=progress.done, total=progress.total, seconds_left=progress.seconds_left)

    def _note(self, **changes: Any) -> None:  # noqa: ANN401  the fields' own types
        with self._lock:
            if self._task is not None:
                self._task = replace(self._task, **changes)
