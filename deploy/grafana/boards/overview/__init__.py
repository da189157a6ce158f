"""Are people served, and if not, where to look next. The first page of whoever is on call."""

from deploy.grafana.board import Board
from deploy.grafana.boards.overview.promises import PROMISES
from deploy.grafana.boards.overview.state import STATE
from deploy.grafana.boards.overview.traffic import TRAFFIC

OVERVIEW = Board(
    "overview",
    "Overview",
    "Are people served, and if not, where is it?",
    [PROMISES, STATE, TRAFFIC],
)
