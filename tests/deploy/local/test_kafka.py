import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy import topics
from deploy.local import kafka
from tests.support.bus import Bus

apache = pytest.mark.skipif(
    os.environ.get("KAFKA") != "apache", reason="only `make test-kafka` starts Apache Kafka"
)


@pytest.mark.parametrize("command", [["kafka"], ["kafka", "--check"]])
def test_without_java_it_says_so_and_fails(tmp_path: Path, command: list[str]) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "deploy.local", *command],
        env={"PATH": str(tmp_path), "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "Apache Kafka needs Java 17 and Maven: java is not installed." in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@apache
@pytest.mark.kafka
async def test_a_message_of_11_mib_reaches_a_group(bus: Bus) -> None:
    topic = topics.TOPICS[0]
    producer = AIOKafkaProducer(
        bootstrap_servers=bus.bootstrap_servers,
        enable_idempotence=True,
        max_request_size=16 * 1024 * 1024,
    )
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bus.bootstrap_servers,
        group_id="test-kafka",
        auto_offset_reset="earliest",
    )
    await producer.start()
    await consumer.start()
    try:
        value = os.urandom(11 * 1024 * 1024)
        sent = await producer.send_and_wait(topic, value, partition=0)
        record = await consumer.getone()
        while record.offset != sent.offset:
            record = await consumer.getone()
    finally:
        await consumer.stop()
        await producer.stop()
    assert record.value == value


@apache
@pytest.mark.kafka
def test_the_folder_survives_a_clean_stop(tmp_path: Path) -> None:
    for _ in range(2):
        with kafka.running(tmp_path):
            pass
    assert "LogDirFailure" not in (tmp_path / "server.log").read_text()
    assert (tmp_path / "log" / ".kafka_cleanshutdown").exists()
