"""`python -m tests.integration.gateway.prober PORT`: asks for `/` again and again until standard input ends.

In a process of its own, so that it measures the gateway and not what the test does beside it. Says that it has begun,
and at its end the seconds that each answer took, as JSON.
"""

import json
import select
import socket
import sys
import time

_REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


def wait_for_answer(port: int) -> float:
    started = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(_REQUEST)
        answer = b""
        while data := connection.recv(65_536):
            answer += data
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"not the page: {answer[:200]!r}")
    return time.perf_counter() - started


def main() -> None:
    port = int(sys.argv[1])
    waits = [wait_for_answer(port)]
    print("begun", flush=True)
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        waits.append(wait_for_answer(port))
    print(json.dumps(waits))


if __name__ == "__main__":
    main()
