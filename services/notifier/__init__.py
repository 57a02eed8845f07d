"""Notifier: writes the mails, hands each to the server at most once, and says what became of it."""
