"""A month the usual way: one Celery task a client.

`run DATABASE_URL FOLDER SMTP_PORT CLIENTS NAME=PID…` starts Redis and four workers, hands out the
month, and prints what it used. Each task draws ten homes, records them, renders the mail and sends
it over a connection that its worker keeps. Settings are what suits such work: prefork 4, the
order `fair`, no gossip, mingle or heartbeat, results ignored, a prefetch of 16.
"""

import json
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate, make_msgid
from pathlib import Path
from types import SimpleNamespace

from celery import Celery
from celery.signals import worker_process_init
from sqlalchemy import create_engine, text

from bench.peers.month_tables import ASSIGN, CLIENT, DRAW, DUE, GIVEN, LEFT, SCHEMA, SENT, STATUS
from bench.processor import cpu_seconds
from services.notifier.domain.cards import card
from services.notifier.domain.mail import Home
from services.notifier.mailer.rendering import fragment, render

SECONDS_AT_MOST = 180
SENDER = "bonjour@trackimmo.test"
REDIS_MISSING = "redis-server is missing; on Debian: apt-get install redis-server"

app = Celery("month", broker=os.environ.get("CELERY_BROKER", ""))
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=int(os.environ.get("CELERY_PREFETCH", "16")),
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
)
state = SimpleNamespace()


@worker_process_init.connect
def connect(**_):
    state.engine = create_engine(os.environ["CELERY_DATABASE"], pool_size=1)
    with state.engine.connect():
        pass
    state.smtp = smtplib.SMTP("127.0.0.1", int(os.environ["CELERY_SMTP_PORT"]))
    state.smtp.ehlo()


@app.task(name="serve")
def serve(client_id: str, today: str) -> None:
    as_of = date.fromisoformat(today)
    month = as_of.replace(day=1)
    key = {"client_id": client_id, "month": month}
    with state.engine.begin() as connection:
        if connection.execute(STATUS, key).scalar_one() == "sent":
            return
        client = connection.execute(CLIENT, key).one()
        homes = connection.execute(
            DRAW,
            {
                "client_id": client_id,
                "cities": client.chosen_cities,
                "kinds": client.property_type_preferences,
                "first": as_of.replace(year=as_of.year - 8),
                "last": as_of.replace(year=as_of.year - 6),
                "count": client.addresses_per_report,
            },
        ).all()
        connection.execute(
            ASSIGN,
            [
                {**key, "home_key": home.home_key, "sale_id": home.id, "position": position}
                for position, home in enumerate(homes, 1)
            ],
        )
    state.smtp.sendmail(SENDER, [client.email], mail(client, homes, as_of))
    with state.engine.begin() as connection:
        connection.execute(SENT, key)


def mail(client, homes, today: date) -> bytes:
    words = render("notification", "fr", context(client, homes, today))
    message = MIMEMultipart("alternative")
    message["Subject"] = words.subject
    message["From"] = f"TrackImmo <{SENDER}>"
    message["To"] = f"{client.first_name} {client.last_name} <{client.email}>"
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="trackimmo.test")
    message.attach(MIMEText(words.text_body, "plain", "utf-8"))
    message.attach(MIMEText(words.html_body, "html", "utf-8"))
    return message.as_bytes()


def context(client, homes, today: date) -> dict:
    received = [home_of(position, home, today) for position, home in enumerate(homes, 1)]
    sources = tuple(sorted({home.source for home in homes}))
    legal = fragment(
        "legal", "fr", sources=sources, assigned_on=today, reply_address=SENDER, estimated=False
    )
    return {
        "contact": {"first_name": client.first_name},
        "sample": "",
        "count": len(homes),
        "average_price": sum(home.price_eur for home in homes) / len(homes),
        "assigned_on": today,
        "homes": [card(home, "fr") for home in received],
        "others": 0,
        "legal": [line for line in legal.splitlines() if line],
        "why": fragment("why", "fr", reply_address=SENDER),
        "page_url": f"https://trackimmo.test/c/{client.first_name}",
        "unsubscribing": fragment("unsubscribing", "fr"),
        "unsubscribe": fragment("unsubscribe", "fr"),
        "unsubscribe_url": f"https://trackimmo.test/u/{client.first_name}",
    }


def home_of(position: int, home, today: date) -> Home:
    return Home(
        position=position,
        address=home.address,
        postal_code=home.postal_code,
        city_name=home.city_name,
        kind=home.kind,
        sold_on=home.sold_on,
        price_eur=home.price_eur,
        surface_m2=home.surface_m2,
        rooms=home.rooms,
        source=home.source,
        assigned_on=today,
    )


def run(database: str, folder: str, smtp_port: str, clients: str, *watched: str) -> None:
    engine = create_engine(database)
    with engine.begin() as connection:
        for statement in SCHEMA.split(";"):
            if statement.strip():
                connection.execute(text(statement))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        connection.execute(text("checkpoint"))
    redis, port = start_redis(Path(folder))
    environ = {
        "CELERY_BROKER": f"redis://127.0.0.1:{port}/0",
        "CELERY_DATABASE": database,
        "CELERY_SMTP_PORT": smtp_port,
    }
    os.environ.update(environ)
    workers = start_workers(Path(folder), environ)
    try:
        report(engine, environ["CELERY_BROKER"], int(clients), {
            **{name: int(pid) for name, _, pid in (one.partition("=") for one in watched)},
            "redis": redis.pid, "celery": workers.pid,
        })  # fmt: skip
    finally:
        workers.send_signal(signal.SIGTERM)
        workers.wait(20)
        redis.terminate()
        redis.wait(20)


def report(engine, broker: str, clients: int, pids: dict[str, int]) -> None:
    app.conf.broker_url = broker
    until(lambda: len(app.control.inspect(timeout=1).ping() or {}) == 1)
    time.sleep(2)  # the pool's processes have connected
    before, own = {name: cpu_seconds(pid) for name, pid in pids.items()}, time.process_time()
    began = time.monotonic()
    today = datetime.now(UTC).date()
    with engine.begin() as connection:
        due = connection.execute(DUE, {"today": today, "day": today.day}).scalars().all()
    with app.producer_pool.acquire(block=True) as producer:
        for client_id in due:
            serve.apply_async((str(client_id), today.isoformat()), producer=producer)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until(lambda: connection.execute(LEFT).scalar_one() == 0)
        used = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
        used["producer"] = time.process_time() - own
        given = dict(connection.execute(GIVEN).mappings().one())
    if len(due) != clients:
        sys.exit(f"{len(due)} clients are due, not {clients}")
    print(json.dumps({"began": began, "cpu_seconds": used, "given": given}))


def start_redis(folder: Path) -> tuple[subprocess.Popen, int]:
    server = shutil.which("redis-server")
    if server is None:
        sys.exit(REDIS_MISSING)
    shutil.rmtree(folder / "redis", ignore_errors=True)
    (folder / "redis").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder / "redis")]
    durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    process = subprocess.Popen([*command, *durable], stdout=subprocess.DEVNULL)
    until(lambda: answers(port))
    return process, port


def start_workers(folder: Path, environ: dict[str, str]) -> subprocess.Popen:
    with (folder / "celery.log").open("ab") as log:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--app", "bench.peers.month_celery", "worker"),
                *("--pool", "prefork", "--concurrency", os.environ.get("CELERY_WORKERS", "4")),
                *("-O", "fair", "--without-gossip", "--without-mingle", "--without-heartbeat"),
                *("--loglevel", "WARNING"),
            ],
            env={**os.environ, **environ},
            stdout=log,
            stderr=log,
        )


def answers(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


def until(asked) -> None:
    deadline = time.monotonic() + SECONDS_AT_MOST
    while not asked():
        if time.monotonic() > deadline:
            sys.exit("the month did not end in time")
        time.sleep(0.05)


if __name__ == "__main__":
    run(*sys.argv[2:])
