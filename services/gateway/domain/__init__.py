"""The rules of a job: what its movements mean, and when it is tried again."""
