"""Everything that checkout can do for a merchant's API, in one place."""

from msgspec import Struct

from services.checkout.providers.registry import Providers
from services.checkout.use_cases.breakers import Breakers
from services.checkout.use_cases.manage_accounts import ManageAccounts
from services.checkout.use_cases.reconcile import Reconcile
from services.checkout.use_cases.routing import Routing
from services.checkout.use_cases.search_callbacks import SearchCallbacks
from services.checkout.use_cases.view_link import ViewLink
from shared.kernel.moment import Clock
from shared.runtime.callers import Callers


class Merchant(Struct, frozen=True, kw_only=True):
    callers: Callers
    clock: Clock
    public_url: str
    providers: Providers
    breakers: Breakers
    routing: Routing
    view_link: ViewLink
    manage_accounts: ManageAccounts
    callbacks: SearchCallbacks
    reconcile: Reconcile
