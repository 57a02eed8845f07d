"""Serves simulated sales and places: `python -m deploy.simulator --port 8900`."""

import signal
import ssl
from argparse import ArgumentParser
from threading import Thread

from deploy.simulator.server import Publisher


def main() -> None:
    """Prints the port and serves until SIGTERM or Ctrl-C."""
    parser = ArgumentParser(prog="python -m deploy.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--certificate", help="a PEM file with key and chain: speak HTTPS")
    parser.add_argument(
        "--drop", nargs="*", default=(), metavar="NAME", help="as `2021` or `202304`"
    )
    options = parser.parse_args()
    tls = _certified(options.certificate) if options.certificate else None
    with Publisher(
        port=options.port, seed=options.seed, tls=tls, dropped=options.drop
    ) as publisher:
        for end in (signal.SIGTERM, signal.SIGINT):
            # shutdown() waits for the loop to end, so it cannot run in the loop's own thread
            signal.signal(end, lambda *_: Thread(target=publisher.shutdown).start())
        print(publisher.server_port, flush=True)
        publisher.serve_forever(poll_interval=0.1)


def _certified(path: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


if __name__ == "__main__":
    main()
