"""Our own HTTP/1.1 client: pooled connections, streamed both ways with back-pressure."""
