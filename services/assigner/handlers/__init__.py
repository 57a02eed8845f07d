"""What the assigner does about each event."""
