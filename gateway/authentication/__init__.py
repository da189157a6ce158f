"""Who a request is from, and what services are told about it."""
