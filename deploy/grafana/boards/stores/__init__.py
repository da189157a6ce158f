"""PostgreSQL, Valkey and where files lie, as the programs see them."""

from deploy.grafana.board import Board
from deploy.grafana.boards.stores.files import FILES
from deploy.grafana.boards.stores.postgres import POSTGRES
from deploy.grafana.boards.stores.valkey import VALKEY

STORES = Board(
    "stores",
    "Stores",
    "Are PostgreSQL, Valkey and the files there, quick, large enough, and safe?",
    [POSTGRES, VALKEY, FILES],
)
