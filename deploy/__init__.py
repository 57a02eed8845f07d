"""How the system is run: the embedded stack, the simulator, topics, Apache Kafka."""
