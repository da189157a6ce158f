"""Valkey, as the gateway sees it."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query, States
from deploy.grafana.queries import spread

_UP = {0.0: ("away", "red"), 1.0: ("up", "green")}

VALKEY = Row(
    "Valkey",
    [
        States(
            title="Is Valkey there?",
            queries=[
                Query("min by (instance) (gateway_valkey_up{$gateway})", "limits, {{instance}}"),
                Query("min by (instance) (gateway_cache_up{$gateway})", "cache, {{instance}}"),
            ],
            help="Without it each gateway counts by itself, and every answer comes from a service.",
            words=_UP,
            alerts=("ValkeyAway", "CacheAway"),
        ),
        Graph(
            title="How long does Valkey take?",
            queries=[*spread("gateway_valkey_seconds{$gateway}", "instance", "{{instance}}", 0.5, 0.99)],
            help="For a burst of limit checks. At 50 ms the gateway gives up.",
            unit="s",
            alarm=0.025,
            alerts=("ValkeySlow",),
        ),
        Graph(
            title="How much is counted without it?",
            queries=[Query("sum by (limit) (rate(gateway_limit_fallback_total{$gateway}[$rate]))", "{{limit}}")],
            help="Limit checks per second that were answered from memory.",
            alerts=("LimitsCountedInMemory",),
        ),
        Graph(
            title="What does the cache save?",
            queries=[
                Query(
                    "sum by (route, outcome) (rate(gateway_cache_requests_total{$gateway}[$rate]))",
                    "{{route}}: {{outcome}}",
                ),
            ],
            help="Requests per second on routes with a cache; only a miss or a bypass reaches the service.",
            unit="reqps",
            stacked=True,
        ),
        Graph(
            title="How many bytes come from the cache?",
            queries=[Query("sum by (route) (rate(gateway_cache_served_bytes_total{$gateway}[$rate]))", "{{route}}")],
            help="Per second.",
            unit="Bps",
        ),
        Graph(
            title="How full is the cache?",
            queries=[
                Query("sum(gateway_cache_kept_bytes{$gateway})", "kept"),
                Query("sum(increase(gateway_cache_stores_total{$gateway}[1h]))", "answers kept, in an hour"),
                Query("sum(increase(gateway_cache_invalidations_total{$gateway}[1h]))", "taken away, in an hour"),
            ],
            help="Bytes; each process keeps CACHE_BYTES (32 MiB) at most.",
            unit="bytes",
        ),
    ],
)
