"""What the gateway does about each event, and about time that passes."""
