"""Metrics of webhooks."""

from prometheus_client import Counter, Gauge

TRIES = Counter("filemill_webhook_tries_total", "Tries of deliveries, by what became of the delivery.", ["outcome"])
IN_FLIGHT = Gauge("filemill_webhook_tries_in_flight", "Deliveries being sent by this process now.")
STREAMS_OPEN = Gauge("filemill_live_streams_open", "Live streams open in this process.")
STREAMS_DROPPED = Counter("filemill_live_streams_dropped_total", "Live streams ended because nobody read them.")
