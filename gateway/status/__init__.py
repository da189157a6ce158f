"""GET /status on the private port: what runs and how it goes, for a person who has nothing else to look at.

What is needed to draw it is loaded when somebody asks; until then only a few numbers are noted, every quarter minute.
"""
