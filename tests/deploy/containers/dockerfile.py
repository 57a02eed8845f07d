"""deploy/Dockerfile as values: its stages, and what an image made of them consists of."""

import json
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).resolve().parents[3]
PATH: Final = ROOT / "deploy" / "Dockerfile"


class Stage(msgspec.Struct):
    base: str
    instructions: list[tuple[str, str]] = msgspec.field(default_factory=list)


class Dockerfile:
    """The stages of a Dockerfile by name."""

    def __init__(self, text: str) -> None:
        self.stages: dict[str, Stage] = {}
        current = Stage(base="")
        for line in text.replace("\\\n", " ").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            keyword, _, rest = line.partition(" ")
            if keyword == "FROM":
                base, _, name = rest.partition(" AS ")
                current = self.stages[name] = Stage(base=base)
            else:
                current.instructions.append((keyword, rest.strip()))

    def image(self, target: str, group: str) -> "Image":
        """What `docker build --target TARGET --build-arg SERVICE=GROUP` would make."""
        found: list[tuple[str, str]] = []
        stage: str | None = target
        while stage in self.stages:
            found = self.stages[stage].instructions + found
            stage = self.stages[stage].base
        library = self.stages["libraries"].instructions
        return Image(
            steps=[(keyword, rest.replace("${SERVICE}", group)) for keyword, rest in found],
            installs=[rest.replace("${SERVICE}", group) for word, rest in library if word == "RUN"],
            inputs=[rest for word, rest in library if word == "COPY"],
        )


class Image(msgspec.Struct, frozen=True):
    """The instructions that hold for one image, with its service filled in."""

    steps: list[tuple[str, str]]
    installs: list[str]
    inputs: list[str]

    def all(self, keyword: str) -> list[str]:
        return [rest for word, rest in self.steps if word == keyword]

    def last(self, keyword: str) -> str:
        return (self.all(keyword) or [""])[-1]

    @property
    def copies(self) -> list[tuple[str, str]]:
        """What goes where, from the project."""
        pairs = [rest.rsplit(" ", 1) for rest in self.all("COPY") if not rest.startswith("--from")]
        return [(source, target) for source, target in pairs]

    @property
    def environment(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for rest in self.all("ENV") for pair in rest.split())

    @property
    def command(self) -> list[str]:
        arguments: list[str] = json.loads(self.last("CMD") or "[]")
        return [*json.loads(self.last("ENTRYPOINT")), *arguments]

    @property
    def module(self) -> str:
        """What its entry runs when nobody asks for anything else."""
        arguments: list[str] = json.loads(self.last("CMD") or "[]")
        return arguments[0] if arguments else self.environment.get("MODULE", "")

    @property
    def health_check(self) -> list[str]:
        """The command that says whether the container is well."""
        _, _, command = self.last("HEALTHCHECK").partition("CMD ")
        return json.loads(command or "[]")


def present() -> Dockerfile:
    return Dockerfile(PATH.read_text())
