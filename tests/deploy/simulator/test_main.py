import signal
import subprocess
import sys

import httpx


def test_the_command_prints_its_port_and_stops_on_sigterm():
    command = [sys.executable, "-m", "deploy.simulator", "--seed", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        assert httpx.get(f"http://127.0.0.1:{port}/geo-dvf/").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
