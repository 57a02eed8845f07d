"""Apache Kafka itself, one node (KRaft), its libraries by Maven from `deploy/kafka/pom.xml`."""

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from deploy.local import child
from deploy.local.ports import answers, free_port

POM: Final = Path(__file__).parents[1] / "kafka" / "pom.xml"
LIBRARIES: Final = POM.parent / "target" / "libraries"
JVM: Final = (
    *("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    *("-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"),
)
CLUSTER: Final = "VHJhY2tJbW1vS2Fma2ExMQ"
"""Any 16 bytes in base64; the folder remembers them."""


class KafkaError(RuntimeError):
    """Kafka cannot run here; the message says why in one sentence."""


class MissingToolError(KafkaError):
    """Java or Maven is not installed."""


class Node(msgspec.Struct, kw_only=True, frozen=True):
    """One node: its folder, where clients reach it, and where it reaches itself."""

    folder: Path
    port: int
    controller_port: int

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"


def node(folder: Path, port: int | None = None) -> Node:
    """A node on free ports, or on the one given."""
    folder.mkdir(parents=True, exist_ok=True)
    return Node(folder=folder, port=port or free_port(), controller_port=free_port())


def prepare(node: Node) -> None:
    """Libraries and formatted storage, there already or made now."""
    fetch_libraries()
    settings = node.folder / "server.properties"
    settings.write_text("".join(f"{k}={v}\n" for k, v in _settings(node).items()))
    _run(
        *_java("kafka.tools.StorageTool", "format", "--ignore-formatted"),
        *("--cluster-id", CLUSTER, "--config", str(settings)),
    )


def command(node: Node) -> Sequence[str]:
    """What runs a prepared node until SIGTERM."""
    return child.command_line(*_java("kafka.Kafka", str(node.folder / "server.properties")))


@contextlib.contextmanager
def running(folder: Path | None = None) -> Generator[str]:
    """The bootstrap servers of a node that answers, for the block; without a folder, one that leaves nothing behind."""
    with tempfile.TemporaryDirectory() as temporary:
        there = node(folder or Path(temporary))
        prepare(there)
        with (there.folder / "server.log").open("ab") as log:
            process = subprocess.Popen(
                command(there), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            _await_answer(there, process)
            yield there.bootstrap_servers
        finally:
            _stop(process)


def _await_answer(node: Node, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not answers(node.port):
        if process.poll() is not None or time.monotonic() > deadline:
            said = (node.folder / "server.log").read_text(errors="replace").strip()[-800:]
            raise KafkaError(f"Kafka did not start on {node.bootstrap_servers}: {said}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _settings(node: Node) -> Mapping[str, str]:
    clients, controller = node.bootstrap_servers, f"127.0.0.1:{node.controller_port}"
    alone = {
        f"{topic}.{kind}": "1"
        for topic in ("transaction.state.log", "share.coordinator.state.topic")
        for kind in ("replication.factor", "min.isr")
    }
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"CLIENTS://{clients},CONTROLLER://{controller}",
        "advertised.listeners": f"CLIENTS://{clients}",
        "inter.broker.listener.name": "CLIENTS",
        "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(node.folder / "log"),
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        **alone,
    }


def _java(*arguments: str) -> Sequence[str]:
    return (_tool("java"), *JVM, "-cp", f"{LIBRARIES}/*", *arguments)


def fetch_libraries() -> None:
    """Java, Maven and everything that a node needs, there when this returns."""
    _tool("java")
    stamp, wanted = LIBRARIES / ".pom", hashlib.sha256(POM.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    LIBRARIES.mkdir(parents=True, exist_ok=True)
    with (LIBRARIES.parent / "lock").open("w") as lock:  # two at once fetch once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(LIBRARIES)
            _run(_tool("mvn"), "-q", "-B", "-f", str(POM), "dependency:copy-dependencies")
            stamp.write_text(wanted)


def _run(*arguments: str) -> None:
    done = subprocess.run(
        child.command_line(*arguments), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise KafkaError(f"{Path(arguments[0]).name} failed: {said[-1500:]}")


def _tool(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise MissingToolError(f"Apache Kafka needs Java 17 and Maven: {name} is not installed.")
    return found
