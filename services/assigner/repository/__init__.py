"""Every SQL statement of the assigner, a module for each subject."""
