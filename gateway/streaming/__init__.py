"""WebSockets and event streams on their way through, and what ends them."""
