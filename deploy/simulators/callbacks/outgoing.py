"""The way out for a provider's callbacks: through the faults in force, into the store, onto the schedule."""

import secrets
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

from deploy.simulators.callbacks.faults import CallbackFaults, by_faults
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.process.documents import DocumentStore

AnyFaults = TypeVar("AnyFaults", bound=CallbackFaults)


class Outgoing(Generic[AnyFaults]):
    """`kind` is what the control API can make go wrong at this provider."""

    def __init__(
        self,
        store: DocumentStore,
        schedule: Callable[[int, int], None],
        *,
        now_ms: Callable[[], int],
        kind: type[AnyFaults],
    ) -> None:
        self._store = store
        self._schedule = schedule
        self._now_ms = now_ms
        self.kind = kind
        self.faults: AnyFaults = store.setting("faults", kind) or kind()

    def set_faults(self, faults: AnyFaults) -> None:
        self._store.put_setting("faults", faults)
        self.faults = faults

    def spend(self, name: str) -> bool:
        """Whether this request is one of those that were told to go wrong."""
        left: int = getattr(self.faults, name)
        if not left:
            return False
        self.set_faults(msgspec.structs.replace(self.faults, **{name: left - 1}))
        return True

    def send(self, callbacks: Iterable[Callback]) -> None:
        """Inside the transaction of what they tell."""
        for callback in by_faults(callbacks, self.faults, below=secrets.randbelow):
            self._enqueue(callback)

    def replay(self, callback: Callback, *, times: int, body: bytes, forged: bool, delay_ms: int) -> list[Callback]:
        """The same event again, whatever the faults say. One that is not as it was is never retried."""
        now_ms = self._now_ms()
        again = msgspec.structs.replace(
            callback,
            body=body,
            forged=forged,
            retried=not forged and body == callback.body,
            state="due",
            attempts=0,
            created_ms=now_ms,
            due_ms=now_ms + delay_ms,
        )
        with self._store.transaction():
            return [self._enqueue(again) for _ in range(times)]

    def _enqueue(self, callback: Callback) -> Callback:
        row = self._store.insert_callback(callback)
        if callback.due_ms is not None:
            self._schedule(callback.due_ms, row)
        return msgspec.structs.replace(callback, row=row)
