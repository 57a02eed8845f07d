"""Everything between the facts of a mail and the server that takes it."""
