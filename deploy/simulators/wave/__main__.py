"""`python -m deploy.simulators.wave`: the simulated Wave."""

import sys

from deploy.simulators.process.serving import run
from deploy.simulators.process.simulator import Simulator
from deploy.simulators.wave.app import WaveSimulator
from deploy.simulators.wave.settings import load_settings


def build() -> tuple[Simulator, str, int]:
    settings = load_settings()
    return WaveSimulator(settings), settings.host, settings.port


if __name__ == "__main__":
    sys.exit(run(build))
