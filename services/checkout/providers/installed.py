from services.checkout.providers.flutterwave.adapter import Flutterwave
from services.checkout.providers.mtn.adapter import Mtn
from services.checkout.providers.mtn.environments import CURRENCIES as MTN_ENVIRONMENTS
from services.checkout.providers.port import Provider
from services.checkout.providers.registry import Providers, plug_in
from services.checkout.providers.sandbox.adapter import Sandbox
from services.checkout.providers.stripe.adapter import Stripe
from services.checkout.providers.wave.adapter import Wave
from services.checkout.settings import Settings


def installed(settings: Settings) -> Providers:
    """Every provider that this installation speaks to."""
    seconds = settings.provider_timeout_seconds
    sandbox = Sandbox(settings.sandbox_url, settings.sandbox_platform_key, timeout_seconds=seconds)
    extra, mtn_url = settings.extra(), settings.mtn(MTN_ENVIRONMENTS)
    own: list[Provider] = [
        Stripe(settings.stripe(), timeout_seconds=seconds),
        Wave(settings.wave(), timeout_seconds=seconds),
        Flutterwave(settings.flutterwave()),
        Mtn(lambda account: mtn_url(account.credentials["target_environment"], account.livemode)),
    ]
    return Providers(
        sandbox,
        [*own, *(plug_in(text, timeout_seconds=seconds) for text in extra)],
        urls=[
            settings.stripe_url,
            settings.wave_url,
            settings.flutterwave_url,
            *(text.partition("@")[2] for text in extra),
        ],
    )
