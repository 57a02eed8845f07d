"""`python -m deploy.local up | demo | daily | test-mail | kafka [--check]`: TrackImmo on this machine."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from deploy.local import by_hand, kafka, settings
from deploy.local.demo import demo
from deploy.local.spec import StepError
from deploy.local.up import AlreadyRunningError, run_kafka, up


async def _up() -> int:
    await up(settings.resolve())
    return 0


async def _kafka() -> int:
    await run_kafka(settings.data_dir() / "kafka")
    return 0


async def _check_kafka() -> int:
    try:
        await asyncio.to_thread(kafka.fetch_libraries)
    except kafka.KafkaError as error:
        raise StepError(str(error)) from error
    return 0


async def _daily() -> int:
    return await asyncio.to_thread(by_hand.daily)


async def _test_mail() -> int:
    return await asyncio.to_thread(by_hand.send_mail)


COMMANDS: Final[Mapping[str, Callable[[], Awaitable[int]]]] = {
    "up": _up,
    "demo": demo,
    "daily": _daily,
    "test-mail": _test_mail,
    "kafka": _kafka,
    "kafka --check": _check_kafka,
}


async def _run(name: str) -> int:
    return await COMMANDS[name]()


def main() -> None:
    name = " ".join(sys.argv[1:])
    if name not in COMMANDS:
        sys.exit(f"Say which: python -m deploy.local {' | '.join(COMMANDS)}")
    try:
        sys.exit(asyncio.run(_run(name)))
    except (AlreadyRunningError, StepError) as error:
        print(error, file=sys.stderr)
        sys.exit(2 if isinstance(error.__cause__, kafka.MissingToolError) else 1)


if __name__ == "__main__":
    main()
