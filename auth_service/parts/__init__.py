"""What each part of the service is made of, and where it is served: pieces of the composition root."""
