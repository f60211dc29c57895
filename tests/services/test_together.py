"""What several threads write at the same moment is written at once, and one's failure is nobody else's."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from calendly_integration.services.group_commit import GroupCommit


class Store:
    """Takes some time to write, and refuses what is negative."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.lock = threading.Lock()

    def write(self, items: Sequence[int]) -> None:
        with self.lock:
            time.sleep(0.005)
            if min(items) < 0:
                raise ValueError(items)
            self.batches.append(list(items))

    @property
    def kept(self) -> list[int]:
        return sorted(item for batch in self.batches for item in batch)


def test_every_item_is_written_once_and_before_its_writer_goes_on() -> None:
    store = Store()
    together = GroupCommit(store.write, most=5)

    def write(item: int) -> bool:
        together.write(item)
        return item in store.kept

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(write, range(200)))
    assert store.kept == list(range(200))
    assert len(store.batches) < 150
    assert max(map(len, store.batches)) <= 5


def test_who_is_alone_does_not_wait_for_company() -> None:
    store = Store()
    GroupCommit(store.write, most=5).write(1)
    assert store.batches == [[1]]


def test_one_that_cannot_be_written_fails_alone() -> None:
    store = Store()
    together = GroupCommit(store.write, most=50)

    def write(item: int) -> bool:
        if item < 0:
            with pytest.raises(ValueError, match=str(item)):
                together.write(item)
        else:
            together.write(item)
        return True

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(write, [number if number % 7 else -number - 1 for number in range(100)]))
    assert store.kept == [number for number in range(100) if number % 7]


def test_after_a_failure_it_goes_on() -> None:
    store = Store()
    together = GroupCommit(store.write, most=5)
    with pytest.raises(ValueError, match="-1"):
        together.write(-1)
    together.write(2)
    assert store.kept == [2]
