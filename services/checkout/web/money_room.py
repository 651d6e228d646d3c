"""What the merchant's routes about money are given, and what they have in common."""

from msgspec import Struct

from services.checkout.use_cases.read_money import ReadMoney
from services.checkout.use_cases.refund_charge import RefundCharge
from shared.kernel.moment import Clock
from shared.runtime.callers import Callers
from shared.runtime.postgres import Postgres


class MoneyRoom(Struct, frozen=True, kw_only=True):
    postgres: Postgres
    callers: Callers
    read: ReadMoney
    refund_charge: RefundCharge
    clock: Clock
