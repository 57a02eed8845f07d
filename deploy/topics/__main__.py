"""`python -m deploy.topics [BOOTSTRAP_SERVERS]`: make the topics that are missing."""

import asyncio
import os
import sys

from aiokafka.errors import KafkaError

from deploy.topics import TopicsError, create, security


def main() -> None:
    servers = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
    if not servers:
        sys.exit("Name the broker: python -m deploy.topics 127.0.0.1:9092")
    try:
        made = asyncio.run(create(servers, access=security(os.environ)))
    except (KafkaError, TopicsError) as error:
        sys.exit(f"The topics on {servers} are not as they must be: {error}")
    print(f"made {', '.join(made)}" if made else "all topics are there")


if __name__ == "__main__":
    main()
