"""The service behind everyone for large bodies: takes what is uploaded, and sends as many bytes as the path says."""

import os
import socket
import threading
from contextlib import suppress

BLOCK = bytes(range(256)) * 4096  # 1 MiB
_BUFFER = 1 << 20


def _serve(connection: socket.socket) -> None:
    buffer = bytearray(_BUFFER)
    with connection, suppress(ConnectionError):
        while head := _read_head(connection):
            text, rest = head
            method, path, *_ = text.split()
            if method == "PUT":
                _take(connection, _content_length(text) - len(rest), buffer)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            else:
                _send(connection, int(path.rpartition("/")[2]) if path.rpartition("/")[2].isdecimal() else 0)


def _read_head(connection: socket.socket) -> tuple[str, bytes] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65536)
        if not received:
            return None
        data += received
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest


def _content_length(head: str) -> int:
    lines = (line.partition(":") for line in head.splitlines()[1:])
    return next(int(value) for name, _, value in lines if name.lower() == "content-length")


def _take(connection: socket.socket, left: int, buffer: bytearray) -> None:
    while left > 0:
        received = connection.recv_into(buffer)
        if not received:
            raise ConnectionError
        left -= received


def _send(connection: socket.socket, size: int) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n"
    connection.sendall(head.encode())
    while size > 0:
        connection.sendall(BLOCK[:size] if size < len(BLOCK) else BLOCK)
        size -= len(BLOCK)


def main() -> None:
    with socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=1024) as listening:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
