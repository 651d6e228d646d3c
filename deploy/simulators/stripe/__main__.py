"""`python -m deploy.simulators.stripe`: the simulated Stripe."""

import sys

from deploy.simulators.process.serving import run
from deploy.simulators.process.simulator import Simulator
from deploy.simulators.stripe.app import StripeSimulator
from deploy.simulators.stripe.settings import load_settings


def build() -> tuple[Simulator, str, int]:
    settings = load_settings()
    return StripeSimulator(settings), settings.host, settings.port


if __name__ == "__main__":
    sys.exit(run(build))
