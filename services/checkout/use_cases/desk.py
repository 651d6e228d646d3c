"""What is made once a process and shared by all that charges money and takes callbacks in."""

from msgspec import Struct

from services.checkout.peers.links import Links
from services.checkout.providers.registry import Providers
from services.checkout.settings import Settings
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import ApplySignals
from services.checkout.use_cases.breakers import Breakers
from services.checkout.use_cases.limit_attempts import LimitAttempts
from services.checkout.use_cases.live import Live
from services.checkout.use_cases.vault import Vault
from shared.runtime.service import Runtime


class Desk(Struct, frozen=True, kw_only=True):
    runtime: Runtime
    settings: Settings
    providers: Providers
    accounts: Accounts
    vault: Vault
    breakers: Breakers
    attempts: LimitAttempts
    links: Links
    live: Live
    apply_signals: ApplySignals
