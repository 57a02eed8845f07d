"""What the notifier does: it takes requests for mails, and sends them."""

from services.notifier.handlers.loop import run_sender
from services.notifier.handlers.requests import ask, ask_notices, forget_clients

__all__ = ["ask", "ask_notices", "forget_clients", "run_sender"]
