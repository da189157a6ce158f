"""Routes with a cache: joins `cache/`, which knows RFC 9111 and Valkey, with the way of a request."""
