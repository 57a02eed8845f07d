"""Every SQL statement of the gateway, a module for each subject."""
