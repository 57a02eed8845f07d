"""The dashboard: one row a question, each panel one or several series."""

from typing import Final

import msgspec


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One plot; `series` leads from legend to PromQL."""

    title: str
    series: dict[str, str]
    unit: str = "short"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The panels that answer one question."""

    question: str
    panels: tuple[Panel, ...]


def _quantiles(metric: str, *, by: str = "") -> dict[str, str]:
    labels = f"le, {by}" if by else "le"
    legend = f" {{{{{by}}}}}" if by else ""
    return {
        f"p{int(100 * q)}{legend}": (
            f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket[5m])))"
        )
        for q in (0.5, 0.95)
    }


# What PostgreSQL knows each replica tells: the highest word of them, not their sum.
ROWS: Final = (
    Row(
        question="Does this month go well?",
        panels=(
            Panel(title="Jobs", series={"{{status}}": "max by (status) (trackimmo_jobs)"}),
            Panel(
                title="Mails by state",
                series={"{{state}}": "sum by (state) (max by (kind, state) (trackimmo_mails))"},
            ),
            Panel(
                title="Time of a step",
                series=_quantiles("trackimmo_job_step_seconds", by="step"),
                unit="s",
            ),
            Panel(
                title="Lateness of the day",
                series={"{{kind}}": "max by (kind) (trackimmo_tick_lateness_seconds)"},
                unit="s",
            ),
        ),
    ),
    Row(
        question="Does a person have to look?",
        panels=(
            Panel(
                title="Held messages",
                series={"{{job}} {{state}}": "max by (job, state) (trackimmo_held_messages) > 0"},
            ),
            Panel(
                title="Parts that are not well",
                series={"{{component}}": "max by (component) (trackimmo_component_degraded) > 0"},
            ),
            Panel(
                title="Jobs that stand still",
                series={"{{how}}": "max by (how) (trackimmo_jobs_stalled)"},
            ),
            Panel(
                title="Alarms that are on",
                series={"{{alertname}} {{job}}": 'ALERTS{alertstate="firing"}'},
            ),
            Panel(
                title="Answers of the mail server",
                series={
                    "{{verb}} {{class}}": (
                        "sum by (verb, class) (rate(trackimmo_smtp_replies_total[5m]))"
                    )
                },
                unit="reqps",
            ),
            Panel(title="Time of a mail", series=_quantiles("trackimmo_mail_seconds"), unit="s"),
        ),
    ),
    Row(
        question="Do events flow?",
        panels=(
            Panel(
                title="Waiting in the outboxes",
                series={"{{job}}": "max by (job) (trackimmo_outbox_unpublished)"},
            ),
            Panel(
                title="Oldest in the outboxes",
                series={"{{job}}": "max by (job) (trackimmo_outbox_oldest_seconds)"},
                unit="s",
            ),
            Panel(
                title="Published, and failures",
                series={
                    "{{job}}": "sum by (job) (rate(trackimmo_outbox_published_total[5m]))",
                    "{{job}} failed": "sum by (job) (rate(trackimmo_outbox_failures_total[5m]))",
                },
                unit="ops",
            ),
            Panel(
                title="Lag",
                series={
                    "{{group}} {{topic}}": "sum by (group, topic) (trackimmo_consumer_lag)",
                },
            ),
            Panel(
                title="Without a step forward",
                series={"{{job}}": "max by (job) (trackimmo_consumer_stuck_seconds)"},
                unit="s",
            ),
            Panel(
                title="Handled",
                series={"{{job}}": "sum by (job) (rate(trackimmo_events_handled_total[5m]))"},
                unit="ops",
            ),
            Panel(
                title="Duplicates suppressed",
                series={"{{job}}": "sum by (job) (rate(trackimmo_inbox_duplicates_total[5m]))"},
                unit="ops",
            ),
            Panel(
                title="Time of a batch",
                series=_quantiles("trackimmo_batch_seconds", by="job"),
                unit="s",
            ),
        ),
    ),
    Row(
        question="Is the stock good?",
        panels=(
            Panel(title="Refreshes", series={"{{state}}": "max by (state) (trackimmo_refreshes)"}),
            Panel(
                title="Oldest open refresh, stalest city",
                series={
                    "open refresh": "max(trackimmo_refresh_oldest_seconds)",
                    "stalest city": "max(trackimmo_stalest_city_seconds)",
                },
                unit="s",
            ),
            Panel(
                title="Files asked for",
                series={
                    "{{format}} {{state}}": (
                        "sum by (format, state) (rate(trackimmo_downloads_total[1h])) * 3600"
                    )
                },
            ),
            Panel(
                title="Sales rejected",
                series={
                    "{{reason}}": "sum by (reason) (rate(trackimmo_sales_rejected_total[1h])) * 3600"
                },
            ),
        ),
    ),
    Row(
        question="Does the interface answer?",
        panels=(
            Panel(
                title="Requests",
                series={
                    "{{status}}": "sum by (status) (rate(trackimmo_http_requests_total[5m]))",
                },
                unit="reqps",
            ),
            Panel(
                title="Time of a request",
                series=_quantiles("trackimmo_http_request_seconds"),
                unit="s",
            ),
            Panel(
                title="Memory",
                series={"{{job}}": "max by (job) (process_resident_memory_bytes)"},
                unit="bytes",
            ),
            Panel(
                title="Processor",
                series={"{{job}}": "sum by (job) (rate(process_cpu_seconds_total[5m]))"},
                unit="percentunit",
            ),
        ),
    ),
)
