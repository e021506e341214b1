"""Threads whose networks start no others."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator

import pytest
import torch

from onrecord.threads import OneEach


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    usual = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(usual)


def test_each_thread_computes_alone_and_the_caller_s_threads_are_as_before() -> None:
    pool = OneEach("some")
    assert pool.workers == 2
    together = threading.Barrier(2)

    def how_many(_: int) -> int:
        together.wait(timeout=30)  # both threads are asked
        return torch.get_num_threads()

    assert list(pool.each(how_many, range(4))) == [1, 1, 1, 1]
    assert torch.get_num_threads() == 2
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [2], "what the pool set is not what other threads begin with"


def test_what_was_asked_for_is_how_many_there_are() -> None:
    assert OneEach("one", 1).workers == 1


def test_results_come_in_order_and_an_error_is_the_caller_s() -> None:
    pool = OneEach("ordered")

    def slower_first(number: int) -> int:
        time.sleep(0.02 * (3 - number))
        return number

    assert list(pool.each(slower_first, range(3))) == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        list(pool.each(lambda number: 1 // number, [1, 0, 1]))
    assert pool.run(lambda: 7) == 7


def _in_child(pool: OneEach, answer: multiprocessing.Queue[list[int]]) -> None:
    answer.put(list(pool.each(abs, [-1, -2])))


def test_a_forked_process_makes_threads_of_its_own() -> None:
    context = multiprocessing.get_context("fork")
    pool = OneEach("before the fork")
    assert list(pool.each(abs, [-3])) == [3]
    answer = context.Queue()
    child = context.Process(target=_in_child, args=(pool, answer))
    child.start()
    try:
        assert answer.get(timeout=60) == [1, 2]
    finally:
        child.join(timeout=60)
        child.kill()
