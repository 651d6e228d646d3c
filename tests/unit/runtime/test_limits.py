import pytest

from shared.runtime.limits import BUCKETS_MAX, Limiter, RateLimited


class Watch:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def watch():
    return Watch()


def test_a_burst_is_allowed_and_then_refused_with_the_time_to_wait(watch):
    limiter = Limiter("ip", per_second=2, burst=3, monotonic=watch)
    for _ in range(3):
        limiter.spend("a")
    with pytest.raises(RateLimited) as refusal:
        limiter.spend("a")
    assert refusal.value.retry_after_seconds == 1


def test_time_refills_the_bucket_but_never_over_the_burst(watch):
    limiter = Limiter("ip", per_second=2, burst=3, monotonic=watch)
    for _ in range(3):
        limiter.spend("a")
    watch.now += 3600
    for _ in range(3):
        limiter.spend("a")
    with pytest.raises(RateLimited):
        limiter.spend("a")


def test_one_name_does_not_use_up_the_share_of_another(watch):
    limiter = Limiter("ip", per_second=1, burst=1, monotonic=watch)
    limiter.spend("a")
    limiter.spend("b")
    with pytest.raises(RateLimited):
        limiter.spend("a")


def test_the_number_of_buckets_is_bounded(watch):
    limiter = Limiter("ip", per_second=1, burst=1, monotonic=watch)
    for number in range(BUCKETS_MAX + 10):
        limiter.spend(str(number))
    assert len(limiter._buckets) == BUCKETS_MAX
