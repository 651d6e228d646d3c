"""Charges, refunds and disputes as their merchant reads them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.lifecycle import ENDED_UNPAID
from services.checkout.domain.owner import Owner
from services.checkout.domain.refund import ChargeFilters, Dispute, ListedCharge, Refund, RefundFilters
from services.checkout.providers.port import Signal
from services.checkout.providers.registry import Providers
from services.checkout.store import charge_list as charges
from services.checkout.store import dispute as disputes
from services.checkout.store import refund as refunds
from services.checkout.store.charge_list import Contradiction
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Postgres

CONTRADICTIONS_MAX: Final = 50


class Conflict(Struct, frozen=True):
    """The provider said that a charge has ended unpaid, after it had said that the money was captured."""

    callback_id: UUID
    said: str
    received_at: datetime


class ReadMoney:
    def __init__(self, postgres: Postgres, providers: Providers) -> None:
        self._postgres = postgres
        self._providers = providers

    async def charges(
        self, owner: Owner, wanted: ChargeFilters, *, before: UUID | None, limit: int
    ) -> Sequence[ListedCharge]:
        return await charges.list_charges(
            self._postgres, owner.org_id, livemode=owner.livemode, wanted=wanted, before=before, limit=limit
        )

    async def charge(self, owner: Owner, charge_id: UUID) -> tuple[ListedCharge, list[Conflict]]:
        """Raises: NotFound."""
        found = await charges.find_charge(self._postgres, charge_id, org_id=owner.org_id, livemode=owner.livemode)
        if found is None:
            raise NotFound("charge")
        said = await charges.find_contradictions(self._postgres, charge_id, limit=CONTRADICTIONS_MAX)
        return found, [conflict for one in said if (conflict := self._conflict(one)) is not None]

    async def refund(self, owner: Owner, refund_id: UUID) -> Refund:
        """Raises: NotFound."""
        found = await refunds.find_refund(self._postgres, refund_id, org_id=owner.org_id, livemode=owner.livemode)
        if found is None:
            raise NotFound("refund")
        return found

    async def refunds(
        self, owner: Owner, wanted: RefundFilters, *, before: UUID | None, limit: int
    ) -> Sequence[Refund]:
        return await refunds.list_refunds(
            self._postgres, owner.org_id, livemode=owner.livemode, wanted=wanted, before=before, limit=limit
        )

    async def disputes(
        self, owner: Owner, wanted: RefundFilters, *, before: UUID | None, limit: int
    ) -> Sequence[Dispute]:
        return await disputes.list_disputes(
            self._postgres, owner.org_id, livemode=owner.livemode, wanted=wanted, before=before, limit=limit
        )

    def _conflict(self, one: Contradiction) -> Conflict | None:
        """A belated `pending` is no conflict: it was true when it was sent."""
        provider = self._providers.find(one.provider)
        said = provider.read(one.external_id, one.body) if provider else None
        if not isinstance(said, Signal) or said.state.status not in ENDED_UNPAID:
            return None
        return Conflict(one.id, said.state.status, one.received_at)
