"""The notifier's tables, and what it reads of others."""
