"""What the cache counts; labelled by route, whose number the route file bounds."""

from prometheus_client import Counter, Gauge

CACHE_UP = Gauge("gateway_cache_up", "1 while answers are kept in Valkey, 0 while the cache is passed by.")
CACHE_UP.set(1)  # until a request says otherwise: nobody connects before there is something to keep
KEPT_BYTES = Gauge("gateway_cache_kept_bytes", "Bytes that this process has put into Valkey and not taken away.")
REQUESTS = Counter(
    "gateway_cache_requests_total",
    "Requests on routes with a cache: hit, stale, miss (asked the service), bypass (the cache had no part in it).",
    ("route", "outcome"),
)
SERVED_BYTES = Counter("gateway_cache_served_bytes_total", "Bytes of bodies sent from the cache.", ("route",))
STORES = Counter("gateway_cache_stores_total", "Answers that were kept.", ("route",))
INVALIDATIONS = Counter("gateway_cache_invalidations_total", "Unsafe requests that took answers away.", ("route",))
