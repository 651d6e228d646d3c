from deploy.local.simulators import SIMULATORS, Simulator

MADE_UP = Simulator(
    name="made_up",
    keys=lambda secret: {"API_KEY": f"key_{secret('api')}"},
    credentials=lambda secret: {"api_key": f"key_{secret('api')}"},
)


def test_a_simulator_and_the_demo_account_share_what_only_this_stack_knows():
    secret = MADE_UP.secrets_of("root")
    told = MADE_UP.environment(port=1, data="/tmp/x", url="http://127.0.0.1:1", secret=secret)
    assert told["PAYLINKS_MADE_UP_SIM_API_KEY"] == MADE_UP.credentials(secret)["api_key"]
    assert told["PAYLINKS_MADE_UP_SIM_PORT"] == "1"
    assert MADE_UP.secrets_of("another root")("api") != secret("api")
    assert (MADE_UP.module, MADE_UP.url_variable) == ("deploy.simulators.made_up", "PAYLINKS_MADE_UP_URL")


def test_every_simulator_has_a_name_of_its_own():
    names = [one.name for one in SIMULATORS]
    assert len(names) == len(set(names))
