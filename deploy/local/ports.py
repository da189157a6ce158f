"""Finds out that a port is taken before anything is started."""

import errno
import os
import socket

from deploy.local.environments import LOOPBACK, PROGRAMS, private_port
from deploy.local.errors import LaunchError
from deploy.local.settings import Settings


def check_ports(settings: Settings) -> None:
    """Raises LaunchError that names the first address that can't be had."""
    _check(settings.host, settings.port, "gateway")
    for program in PROGRAMS:
        _check(LOOPBACK, private_port(program, settings.port), program)
    if settings.catches_mail:
        _check(LOOPBACK, settings.mail_port, "the page of caught mail")
    if settings.http_port:
        _check(settings.host, settings.http_port, "gateway, as HTTP_PORT")


def _check(host: str, port: int, program: str) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the programs do
            candidate.bind(address)
    except OSError as exc:
        raise LaunchError(_refusal(exc, host, port, program)) from exc


def _refusal(exc: OSError, host: str, port: int, program: str) -> str:
    if exc.errno == errno.EADDRINUSE:
        return (
            f"Port {port}, for {program}, is taken. Choose other ports with PORT=...: "
            "they are PORT, PORT+4 and PORT+1000 to PORT+1003."
        )
    return f"Can't listen on {host} port {port}, for {program}: {exc.strerror or os.strerror(exc.errno or 0)}."
