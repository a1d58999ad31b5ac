"""Inference off the event loop, several calls at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from detectors.utterance import TranscriptLine, Utterance
from streams.metrics import INFERENCE_BATCH, INFERENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.detector import Detector
    from detectors.reading import Reading

Item = TypeVar("Item", Utterance, TranscriptLine)

MAX_BATCH = 16
MAX_QUEUE_SIZE = 256
"""Items that wait for a detector; whoever brings another waits too."""


class Batcher(Generic[Item]):
    """Feeds one detector from many calls: one thread, batches of whatever waits."""

    def __init__(self, detector: Detector[Item]) -> None:
        self._detector: Detector[Item] = detector
        self._queue: asyncio.Queue[tuple[Item, asyncio.Future[Reading]]] = asyncio.Queue(
            MAX_QUEUE_SIZE
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"read-{detector.modality}")
        self._task: asyncio.Task[None] | None = None

    async def read(self, item: Item) -> Reading:
        """One reading.

        Raises:
            UnusableUtteranceError: this item cannot be read.
            Exception: whatever the detector raised for this item.
        """
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        answer: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        await self._queue.put((item, answer))
        return await answer

    async def stop(self) -> None:
        """End the thread; what waits is cancelled."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            items = [item for item, _ in batch]
            answers = await loop.run_in_executor(self._thread, self._read_all, items)
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _read_all(self, items: Sequence[Item]) -> Sequence[Reading | Exception]:
        modality = self._detector.modality
        INFERENCE_BATCH.labels(modality).observe(len(items))
        with INFERENCE_SECONDS.labels(modality).time():
            try:
                answers: Sequence[Reading | Exception] = self._detector.read_batch(items)
            except Exception:  # noqa: BLE001  (one bad item must not take the others with it)
                answers = [self._read_one(item) for item in items]
        return answers

    def _read_one(self, item: Item) -> Reading | Exception:
        try:
            reading: Reading = self._detector.read(item)
        except Exception as error:  # noqa: BLE001  (handed to whoever asked)
            return error
        return reading
