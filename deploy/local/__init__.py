"""The embedded stack: PostgreSQL and Valkey out of wheels and the four programs, run by one launcher."""
