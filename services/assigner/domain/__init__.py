"""The rules of the choice that are not the drawing itself, which is SQL: one statement."""
