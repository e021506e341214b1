"""Threads whose networks start no others, so that small networks do not wait for each other's parts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class OneEach:
    """A pool of threads in each of which torch computes with one thread; made when it is first asked for something.

    A process that was forked off has none of its parent's threads: it makes its own.
    """

    def __init__(self, name: str, workers: int = 0) -> None:
        """Name the pool.

        Args:
            name: What its threads are called.
            workers: How many there are; 0 for as many as torch would use for one network.
        """
        self._name, self._asked = name, workers
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor
        self._workers = 0
        self._made_in = 0
        """The process whose threads they are."""

    @property
    def workers(self) -> int:
        """How many threads there are."""
        self._made()
        return self._workers

    def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, computed in one of the threads."""
        return self._made().submit(work).result()

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield what ``work`` returns for each item, in their order; what has not begun when it is given up never begins."""
        return self._made().map(work, items)

    def _made(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._made_in != os.getpid():
                import torch  # noqa: PLC0415  takes seconds

                usual = torch.get_num_threads()
                workers = self._asked or usual
                together = threading.Barrier(workers)

                def begin() -> None:
                    torch.set_num_threads(1)
                    torch.get_num_threads()  # here a thread begins, and would otherwise take over later what is then in force
                    together.wait()

                self._pool = ThreadPoolExecutor(workers, self._name)
                for begun in [self._pool.submit(begin) for _ in range(workers)]:
                    begun.result()
                torch.set_num_threads(usual)  # what a thread sets for itself, those that come later begin with
                self._workers, self._made_in = workers, os.getpid()
            return self._pool
