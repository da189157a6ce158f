"""What is shipped that others made: its list (SBOM), its licences, and what is known against it."""
