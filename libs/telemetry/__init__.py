"""How a service is seen: metrics, traces. Knows nothing of messages, and no service."""
