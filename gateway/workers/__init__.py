"""Several processes that serve one port and are told of as one: who starts them, and who answers for them."""
