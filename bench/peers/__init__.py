"""What we compare with: programs of `.venv-bench` that print one line of JSON each."""
