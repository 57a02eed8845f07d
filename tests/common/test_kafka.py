"""What the client of the bus is told."""

from libs.common import consumer, kafka, service


def test_a_batch_of_dead_letters_with_all_its_pauses_keeps_its_partitions() -> None:
    """A consumer that leaves its group meanwhile cannot commit, and gets the same batch again."""
    each = service.PAUSE_SECONDS + consumer.BUDGET_SECONDS + consumer.IN_PLACE_SECONDS

    assert each * 1000 * kafka.BATCH_MESSAGES < kafka.BATCH_MAX_MS
