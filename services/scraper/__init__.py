"""Sales of homes from the open files of the state: fetched, read, kept, offered."""
