"""A buyer takes back a charge that they have not approved: a wrong number, another way to pay.

Never two prompts that could both be approved: the next charge may begin only after the provider has said that this one
is over.
"""

from uuid import UUID

from services.checkout.domain.charge import Charge
from services.checkout.domain.faults import ChargeUnderWay
from services.checkout.domain.lifecycle import UNDER_WAY
from services.checkout.domain.session import SessionState
from services.checkout.providers.port import Accepted, Account, CannotExpire, TooLate, payment_of
from services.checkout.providers.registry import Providers
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import ApplySignals, Word
from services.checkout.use_cases.read_session import ReadSession
from shared.kernel.faults import Unavailable


class CallOff:
    def __init__(
        self, *, read_session: ReadSession, accounts: Accounts, providers: Providers, apply_signals: ApplySignals
    ) -> None:
        self._read_session = read_session
        self._accounts = accounts
        self._providers = providers
        self._apply = apply_signals

    async def __call__(self, session_id: UUID) -> SessionState:
        """The session afterwards: open again, or paid when the payer was faster. Nothing under way: as it is.

        Raises:
            NotFound: no such session.
            ChargeUnderWay: the provider has not said yet that it has the payment.
            Unavailable: it does not answer; the charge goes on.
        """
        state = await self._read_session(session_id)
        charge = state.charge
        if charge is None or charge.status not in UNDER_WAY:
            return state
        account = await self._accounts.by_id(charge.account_id)
        if charge.provider_id is None or account is None:
            raise ChargeUnderWay
        word = await self._asked(charge, account)
        await self._apply.words([word])
        return await self._read_session(session_id)

    async def _asked(self, charge: Charge, account: Account) -> Word:
        payment = payment_of(charge)
        provider = self._providers.of(account)
        answer = await provider.expire(account, payment)
        if isinstance(answer, TooLate | CannotExpire):
            answer = await provider.status(account, payment)
        if not isinstance(answer, Accepted):
            raise Unavailable("provider")
        return Word(charge.reference, account.external_id, account.id, answer.state)
