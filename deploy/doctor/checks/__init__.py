"""What is looked at. A check takes what it needs and returns findings; it raises nothing that a stack may cause."""
