"""What the notifier counts, and what is asked of its schema."""

from typing import Final

from prometheus_client import Counter, Histogram

from libs.telemetry.metrics import SqlGauge

SMTP_REPLIES: Final = Counter(
    "trackimmo_smtp_replies_total",
    "How tries ended, by the verb at which they did; class none: without an answer.",
    ["verb", "class"],
)
SENDER_REFUSED: Final = Counter(
    "trackimmo_smtp_sender_refused_total",
    "Refusals that are about us and not about a mail: login, sender, protection.",
    ["verb", "code"],
)
MAIL_SECONDS: Final = Histogram(
    "trackimmo_mail_seconds",
    "A mail's conversation with the server, from its envelope to the answer.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)

COUNT_MAILS: Final = "select kind, state, count(*) from mail group by kind, state"

GAUGES: Final = (
    SqlGauge(name="mails", help="Mails by state.", labels=("kind", "state"), sql=COUNT_MAILS),
)


def count_reply(verb: str, code: int | None) -> None:
    """Count the reply that ended a try."""
    SMTP_REPLIES.labels(verb, f"{code // 100}xx" if code else "none").inc()
