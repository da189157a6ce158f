"""The client's side: aiohttp's low-level server, the request's body and the answer's writing."""
