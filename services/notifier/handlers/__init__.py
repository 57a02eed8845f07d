"""What the notifier does: it takes requests for mails, and sends them."""
