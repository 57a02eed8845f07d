"""Envelope, inbox, outbox, held messages, settings, log: what every service stands on."""
