"""For whoever runs the page: is it alive, is it ready, and what it has done, for Prometheus."""

from __future__ import annotations

import hmac
import shutil
from collections.abc import Iterator

from flask import Blueprint, Response, abort, jsonify, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from relume.web import catalogue, jobs
from relume.web.site import Site, site

LOCAL = ("127.0.0.1", "::1")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

operations = Blueprint("operations", __name__)
_registry = CollectorRegistry()
_requests = Counter("relume_requests", "Requests", ("method", "rule", "status"), registry=_registry)
_durations = Histogram("relume_request_seconds", "Time to answer", ("rule",), buckets=BUCKETS, registry=_registry)


def seen(method: str, rule: str, status: int, seconds: float) -> None:
    """Count one request."""
    known = method if method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS") else "other"
    _requests.labels(known, rule, str(status)).inc()
    _durations.labels(rule).observe(seconds)


@operations.get("/healthz")
def alive() -> Response:
    """Whether this process answers."""
    return jsonify({"status": "ok"})


@operations.get("/readyz")
def ready() -> Response:
    """Whether an upload would be accepted: the database answers, the store can be written, the queue has room."""
    here = site()
    counts, _ = jobs.totals(here.engine)
    here.store.check_room(catalogue.used(here.engine), 0)
    with here.store.temporary() as probe:
        probe.write(b"ready")
    waiting = counts["queued"] + counts["running"]
    if waiting >= here.settings.queue:
        raise jobs.QueueFull(f"{waiting} pictures are waiting")
    return jsonify({"status": "ok", "waiting": waiting})


@operations.get("/metrics")
def metrics() -> Response:
    """Prometheus' text; for this machine, or for who knows the token."""
    token = site().settings.token
    given = request.headers.get("Authorization", "")
    if not (hmac.compare_digest(given.encode(), f"Bearer {token}".encode()) if token else request.remote_addr in LOCAL):
        abort(403, "metrics are for this machine, or for those who have the token")
    registry = CollectorRegistry()
    registry.register(_Archive(site()))
    return Response(generate_latest(_registry) + generate_latest(registry), mimetype="text/plain; version=0.0.4")


class _Archive(Collector):
    """What the database counts, which holds for all pages and workers together."""

    def __init__(self, here: Site) -> None:
        self._here = here

    def collect(self) -> Iterator[Metric]:
        counts, tallies = jobs.totals(self._here.engine)
        now = GaugeMetricFamily("relume_jobs_now", "Pictures by status", labels=("status",))
        for status, count in counts.items():
            now.add_metric((status,), count)
        yield now
        ended = CounterMetricFamily("relume_jobs_ended", "Pictures that have ended", labels=("status", "code"))
        for tally in tallies:
            if tally.name == "jobs":
                ended.add_metric(tuple(tally.label.split(":", 1)), tally.value)
        yield ended
        for name, text in (("pixels", "Pixels restored"), ("seconds", "Seconds of work")):
            total = sum(tally.value for tally in tallies if tally.name == name)
            yield CounterMetricFamily(f"relume_{name}", text, value=total)
        yield GaugeMetricFamily("relume_store_bytes", "Bytes kept", value=catalogue.used(self._here.engine))
        free = shutil.disk_usage(self._here.store.root).free
        yield GaugeMetricFamily("relume_store_free_bytes", "Bytes free on the store's disk", value=free)
