"""The alarms: a PromQL condition, how long it must hold, and a sentence for whoever is called."""

from typing import Final, Literal

import msgspec

SERVICES: Final = ("gateway", "scraper", "assigner", "notifier", "scheduler")


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm. `says` may quote labels as Prometheus writes them: `{{ $labels.topic }}`."""

    name: str
    when: str
    lasts: str
    severity: Literal["page", "ticket"]
    says: str


# What PostgreSQL knows each replica of a service tells: its highest word counts, not their sum.
ALARMS: Final = (
    Alarm(
        name="ServiceDown",
        # Who is gone altogether has no address any more, and so no `up` that could be 0.
        when=" or ".join(f'absent(up{{job="{service}"}} == 1)' for service in SERVICES),
        lasts="2m",
        severity="page",
        says="No {{ $labels.job }} answers: it is down, or its private port is out of reach.",
    ),
    Alarm(
        name="ServiceRestarting",
        when="max by (job) (changes(process_start_time_seconds[1h])) > 3",
        lasts="0m",
        severity="page",
        says="{{ $labels.job }} has begun anew {{ $value }} times within an hour.",
    ),
    Alarm(
        name="MetricsFailed",
        when="trackimmo_metrics_failed == 1",
        lasts="5m",
        severity="ticket",
        says="{{ $labels.job }} cannot read its figures from PostgreSQL: the other alarms are blind.",
    ),
    Alarm(
        name="OutboxStuck",
        when="max by (job) (trackimmo_outbox_oldest_seconds) > 60",
        lasts="2m",
        severity="page",
        says="Events of {{ $labels.job }} have waited {{ $value | humanizeDuration }} for Kafka.",
    ),
    Alarm(
        name="RelayLost",
        when="max by (job) (trackimmo_outbox_oldest_seconds) > 60"
        " and on (job) max by (job) (max_over_time(trackimmo_relays[2m])) == 0",
        lasts="2m",
        severity="page",
        says="Events of {{ $labels.job }} wait, and nobody holds the lock of its relay.",
    ),
    Alarm(
        name="ConsumerStuck",
        when="sum by (job) (trackimmo_consumer_lag) > 0 and on (job)"
        " time() - max by (job) (trackimmo_consumer_last_success_timestamp_seconds) > 300",
        lasts="1m",
        severity="page",
        says="Events wait for {{ $labels.job }}, which has handled none for five minutes.",
    ),
    Alarm(
        name="ConsumerHangs",
        when="max by (job) (trackimmo_consumer_stuck_seconds) > 150",
        lasts="0m",
        severity="ticket",
        says="A process of {{ $labels.job }} has settled nothing for"
        " {{ $value | humanizeDuration }}; it ends itself.",
    ),
    Alarm(
        name="ConsumerAbsent",
        when=" or ".join(
            f'absent(trackimmo_consumer_lag{{job="{service}"}})'
            for service in SERVICES
            if service != "scheduler"
        ),
        lasts="5m",
        severity="page",
        says="No process of {{ $labels.job }} reads any event.",
    ),
    Alarm(
        name="ConsumerLagging",
        when="sum by (job) (trackimmo_consumer_lag) > 5000",
        lasts="15m",
        severity="ticket",
        says="{{ $value }} events wait for {{ $labels.job }}: more arrive than are handled.",
    ),
    Alarm(
        name="DeadLetters",
        when='max by (job) (trackimmo_held_messages{state="dead"}) > 0',
        lasts="0m",
        severity="ticket",
        says="{{ $labels.job }} keeps {{ $value }} messages that it could not handle.",
    ),
    Alarm(
        name="JobsStalled",
        when="sum(max by (how) (trackimmo_jobs_stalled)) > 0",
        lasts="2m",
        severity="ticket",
        says="{{ $value }} jobs stand still.",
    ),
    Alarm(
        name="JobsFailed",
        when='max(delta(trackimmo_jobs{status="failed"}[1h])) > 0',
        lasts="0m",
        severity="ticket",
        says="Within an hour {{ $value | humanize }} jobs failed for good: clients without addresses.",
    ),
    Alarm(
        name="MailsUnknown",
        when='sum(max by (kind) (trackimmo_mails{state="unknown"})) > 0',
        lasts="0m",
        severity="ticket",
        says="Of {{ $value }} mails nobody knows whether the server has them; none is sent again.",
    ),
    Alarm(
        name="MailsWaiting",
        when='sum(max by (kind) (trackimmo_mails{state="pending"})) > 0',
        lasts="1h",
        severity="page",
        says="{{ $value }} mails have waited for an hour: is the mail server away?",
    ),
    Alarm(
        name="MailsRefused",
        when='sum(increase(trackimmo_smtp_replies_total{class="5xx"}[1h])) > 5',
        lasts="0m",
        severity="ticket",
        says="The mail server refused {{ $value | humanize }} commands for good within an hour.",
    ),
    Alarm(
        name="SenderRefused",
        when="sum by (verb, code) (increase(trackimmo_smtp_sender_refused_total[10m])) > 0",
        lasts="0m",
        severity="page",
        says="The mail server refuses us with {{ $labels.code }} at {{ $labels.verb }}: no mail goes out.",
    ),
    Alarm(
        name="TickLate",
        # That of a tick that has come, late, stands still until the next one.
        when="max by (kind) (trackimmo_tick_lateness_seconds) > 300"
        " and max by (kind) (deriv(trackimmo_tick_lateness_seconds[5m])) > 0",
        lasts="1m",
        severity="page",
        says="The day's {{ $labels.kind }} is {{ $value | humanizeDuration }} late.",
    ),
    Alarm(
        name="RefreshStuck",
        when="max(trackimmo_refresh_oldest_seconds) > 1800",
        lasts="5m",
        severity="ticket",
        says="A city has waited {{ $value | humanizeDuration }} for its sales.",
    ),
    Alarm(
        name="SourcesFailing",
        when='sum(increase(trackimmo_downloads_total{state=~"broken|down|hollow"}[1h])) > 10',
        lasts="0m",
        severity="ticket",
        says="Publishers failed {{ $value | humanize }} times within an hour.",
    ),
    Alarm(
        name="GeocoderFailing",
        when="sum(increase(trackimmo_geocoder_failures_total[1h])) > 5",
        lasts="0m",
        severity="ticket",
        says="The geocoder left {{ $value | humanize }} questions of an hour unanswered.",
    ),
    Alarm(
        name="ApiErrors",
        when='sum(rate(trackimmo_http_requests_total{status=~"5.."}[5m]))'
        " > 0.01 * sum(rate(trackimmo_http_requests_total[5m]))",
        lasts="5m",
        severity="page",
        says="More than one request in a hundred is answered with an error of ours.",
    ),
    Alarm(
        name="ApiSlow",
        when="histogram_quantile(0.99,"
        " sum by (le) (rate(trackimmo_http_request_seconds_bucket[5m]))) > 1",
        lasts="10m",
        severity="ticket",
        says="One request in a hundred takes longer than {{ $value | humanizeDuration }}.",
    ),
    Alarm(
        name="MemoryHigh",
        when='process_resident_memory_bytes{job=~"gateway|assigner|notifier|scheduler"} > 200e6'
        ' or process_resident_memory_bytes{job="scraper"} > 450e6',
        lasts="10m",
        severity="ticket",
        says="{{ $labels.job }} holds {{ $value | humanize1024 }}B of memory.",
    ),
)
