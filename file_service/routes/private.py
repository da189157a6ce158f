from file_service.handlers.exports import export_file, list_known_files
from shared.web.routes import Auth, Route

PRIVATE_ROUTES = (
    Route("GET", "/internal/exports/{user_id}", list_known_files, Auth.SERVICE),
    Route("GET", "/internal/exports/{user_id}/{file_id}", export_file, Auth.SERVICE, raw_answer=("*/*",)),
)
