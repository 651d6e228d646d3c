"""Prometheus metrics that every service has. Names follow https://prometheus.io/docs/practices/naming/."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

HTTP_SECONDS: Final = Histogram(
    "paylinks_http_request_duration_seconds",
    "Time to answer a request.",
    ["route", "method", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
HTTP_LIMITED: Final = Counter("paylinks_http_limited_total", "Requests refused by a rate limit.", ["kind"])
EVENTS_PUBLISHED: Final = Counter("paylinks_events_published_total", "Facts published by the outbox relay.")
OUTBOX_WAITING: Final = Gauge("paylinks_outbox_waiting", "Facts that are not published yet, counted to 100,000.")
OUTBOX_OLDEST_SECONDS: Final = Gauge("paylinks_outbox_oldest_seconds", "Age of the first fact that is not published.")
EVENTS_TAKEN: Final = Counter("paylinks_events_taken_total", "Facts that had their effect.", ["consumer"])
EVENTS_REPEATED: Final = Counter(
    "paylinks_events_repeated_total", "Deliveries that the inbox knew already.", ["consumer"]
)
EVENTS_FAILED: Final = Counter(
    "paylinks_events_failed_total", "Deliveries that failed and will come again.", ["consumer"]
)
EVENTS_DEAD: Final = Counter("paylinks_events_dead_total", "Facts put into dead letters.", ["consumer"])
RPC_SECONDS: Final = Histogram("paylinks_rpc_duration_seconds", "Time to answer a request on the bus.", ["subject"])
