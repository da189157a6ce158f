"""Backup and restore of databases, files and keys together."""
