"""What several threads write at the same moment is written at once, and one's failure is nobody else's."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from calendly_integration.services.webhooks.group_commit import GroupCommit


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


def test_every_item_is_written_once_and_before_its_thread_goes_on() -> None:
    store = Store()
    group = GroupCommit(store.write, max_items=5)

    def write(item: int) -> bool:
        group.store(item)
        return item in store.kept

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(write, range(200)))
    assert store.kept == list(range(200))
    assert len(store.batches) < 150
    assert max(map(len, store.batches)) <= 5


def test_a_single_thread_does_not_wait_for_others() -> None:
    store = Store()
    GroupCommit(store.write, max_items=5).store(1)
    assert store.batches == [[1]]


def test_one_that_cannot_be_written_fails_alone() -> None:
    store = Store()
    group = GroupCommit(store.write, max_items=50)

    def write(item: int) -> bool:
        if item < 0:
            with pytest.raises(ValueError, match=str(item)):
                group.store(item)
        else:
            group.store(item)
        return True

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(write, [number if number % 7 else -number - 1 for number in range(100)]))
    assert store.kept == [number for number in range(100) if number % 7]


def test_after_a_failure_it_goes_on() -> None:
    store = Store()
    group = GroupCommit(store.write, max_items=5)
    with pytest.raises(ValueError, match="-1"):
        group.store(-1)
    group.store(2)
    assert store.kept == [2]
