"""Stripe's rules for amounts. Written apart from the adapter's. https://docs.stripe.com/currencies."""

from deploy.simulators.stripe.problems import refused

ZERO_DECIMAL = set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())  # noqa: SIM905 - one line to read
THREE_DECIMAL = set("bhd jod kwd omr tnd".split())  # noqa: SIM905
# Two decimals on the wire, which must be 00.
WHOLE_ONLY = {"isk", "ugx"}
CHARGE_MIN = {"usd": 50, "eur": 50, "gbp": 30, "cad": 50, "aud": 50, "jpy": 50, "chf": 50}
CHARGE_MAX = 99_999_999
CHARGE_MAX_OF = {"idr": 999_999_999_999}
FEE_PER_MILLE = 29
FEE_FIXED_MINOR = 30


def check_amount(amount: int, currency: str, *, param: str) -> None:
    """Raises: StripeError: 400."""
    if currency in WHOLE_ONLY and amount % 100:
        raise refused(
            f"Invalid {currency.upper()} amount: it has no minor unit, so the amount must be divisible by 100.",
            code="invalid_amount",
            param=param,
        )
    if currency in THREE_DECIMAL and amount % 10:
        raise refused("Amounts in this currency must end in 0.", code="invalid_amount", param=param)
    if amount < CHARGE_MIN.get(currency, 1):
        raise refused("The amount is less than what can be charged.", code="amount_too_small", param=param)
    if amount > CHARGE_MAX_OF.get(currency, CHARGE_MAX):
        raise refused("The amount has too many digits.", code="amount_too_large", param=param)


def fee_of(amount: int, currency: str) -> int:
    """2.9 % and 30 cents; a fee in UGX and ISK is whole, too."""
    fixed = 0 if currency in ZERO_DECIMAL else FEE_FIXED_MINOR
    fee = amount * FEE_PER_MILLE // 1_000 + fixed
    return fee - fee % 100 if currency in WHOLE_ONLY else fee


def shown(amount: int, currency: str) -> str:
    """`UGX 50,000`, `USD 19.99`."""
    decimals = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    whole, rest = divmod(amount, 10**decimals)
    fraction = f".{rest:0{decimals}d}" if decimals and currency not in WHOLE_ONLY else ""
    return f"{currency.upper()} {whole:,}{fraction}"
