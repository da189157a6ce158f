"""GET /explain on the private port: what would become of a request, and why, without doing any of it."""
