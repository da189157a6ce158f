"""The gateway: who comes, what it answers, which service is why, and what it costs by itself."""

from deploy.grafana.board import Board
from deploy.grafana.boards.gateway.clients import CLIENTS
from deploy.grafana.boards.gateway.itself import ITSELF
from deploy.grafana.boards.gateway.requests import REQUESTS
from deploy.grafana.boards.gateway.upstreams import UPSTREAMS

GATEWAY = Board(
    "gateway",
    "Gateway",
    "What do clients get, which service is why, and what does the gateway cost?",
    [REQUESTS, CLIENTS, UPSTREAMS, ITSELF],
    jobs="gateway",
)
