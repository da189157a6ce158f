"""The service behind everyone: nginx, which answers 200 bytes of JSON from memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.gateway.contenders import found
from bench.gateway.setting import Setting
from bench.processes import Program, free_port, running

BODY = (
    b'{"id":"01a20558-38c1-7a65-b0bf-844bd8204e92","display_name":"Ada Lovelace","bio":"","visibility":"public",'
    b'"created_at":"2026-11-22T22:19:57.546348Z","updated_at":"2026-11-22T22:19:57.546348Z"}'
).ljust(200)
_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/upstream.pid;
error_log stderr warn;
events {{ worker_connections 20000; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 3600;
    client_body_temp_path {folder}/upstream-body;
    proxy_temp_path {folder}/upstream-proxy;
    fastcgi_temp_path {folder}/upstream-fastcgi;
    uwsgi_temp_path {folder}/upstream-uwsgi;
    scgi_temp_path {folder}/upstream-scgi;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 '{body}'; }}
    }}
}}
"""


@contextmanager
def upstream(setting: Setting) -> Iterator[int]:
    """Run it off the measured core until the block ends; yields its port."""
    port, path = free_port(), setting.folder / "upstream.conf"
    path.write_text(_CONFIGURATION.format(folder=setting.folder, port=port, body=BODY.decode()))
    program = Program([found("nginx"), "-p", str(setting.folder), "-c", str(path)], output=path.with_suffix(".log"))
    with running(program, port, measured=False):
        yield port
