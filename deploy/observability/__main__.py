"""Writes the generated files anew: `python -m deploy.observability`."""

from pathlib import Path

from deploy.observability.render import files


def main() -> None:
    for name, content in files().items():
        (Path(__file__).parent / name).write_text(content)


if __name__ == "__main__":
    main()
