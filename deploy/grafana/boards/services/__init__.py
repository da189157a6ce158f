"""auth_service, user_service and file_service: what each answers, what it has to do besides, and what wears it out."""

from deploy.grafana.board import Board
from deploy.grafana.boards.services.accounts import ACCOUNTS
from deploy.grafana.boards.services.files import FILES
from deploy.grafana.boards.services.processes import PROCESSES
from deploy.grafana.boards.services.requests import REQUESTS
from deploy.grafana.boards.services.work import WORK

SERVICES = Board(
    "services",
    "Services",
    "What does each service answer, what has it to do besides, and what wears it out?",
    [REQUESTS, PROCESSES, ACCOUNTS, WORK, FILES],
    choose=True,
)
