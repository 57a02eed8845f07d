"""One folder for each bounded context."""
