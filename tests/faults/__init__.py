"""The system under faults: what is promised is judged while parts of it die."""
