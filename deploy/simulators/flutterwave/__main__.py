"""`python -m deploy.simulators.flutterwave`: Flutterwave v3, as it behaves in test mode."""

import sys

from deploy.simulators.flutterwave.app import FlutterwaveSimulator
from deploy.simulators.flutterwave.settings import load_settings
from deploy.simulators.process.serving import run
from deploy.simulators.process.simulator import Simulator


def build() -> tuple[Simulator, str, int]:
    settings = load_settings()
    return FlutterwaveSimulator(settings), settings.common.host, settings.common.port


if __name__ == "__main__":
    sys.exit(run(build))
