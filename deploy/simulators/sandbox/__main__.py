"""`python -m deploy.simulators.sandbox`: the sandbox provider."""

import sys

from deploy.simulators.process.serving import run
from deploy.simulators.process.simulator import Simulator
from deploy.simulators.sandbox.app import Sandbox
from deploy.simulators.sandbox.settings import load_settings


def build() -> tuple[Simulator, str, int]:
    settings = load_settings()
    return Sandbox(settings), settings.host, settings.port


if __name__ == "__main__":
    sys.exit(run(build))
