"""The dashboards, in the order in which one looks at them when something is wrong."""

from deploy.grafana.boards.gateway import GATEWAY
from deploy.grafana.boards.overview import OVERVIEW
from deploy.grafana.boards.services import SERVICES
from deploy.grafana.boards.stores import STORES

BOARDS = (OVERVIEW, GATEWAY, SERVICES, STORES)
