"""`python -m deploy.simulators.mtn`: MTN MoMo Collections and Disbursements, as its sandbox behaves."""

import sys

from deploy.simulators.mtn.app import MtnSimulator
from deploy.simulators.mtn.settings import load_settings
from deploy.simulators.process.serving import run
from deploy.simulators.process.simulator import Simulator


def build() -> tuple[Simulator, str, int]:
    settings = load_settings()
    return MtnSimulator(settings), settings.common.host, settings.common.port


if __name__ == "__main__":
    sys.exit(run(build))
