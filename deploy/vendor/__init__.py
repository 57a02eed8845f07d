"""What the pages take from others: named here, copied from npm, held against checksums.

No page loads anything from another host and nothing is built: the minified files lie in
services/gateway/static/vendor as they were published, each beside its licence.
"""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
WORK: Final = ROOT / "var" / "vendor"
"""Where npm puts the packages: among them lies what is no part of the project."""
TARGET: Final = ROOT / "services" / "gateway" / "static" / "vendor"
LOCK: Final = ("package.json", "package-lock.json", ".npmrc")
NPM: Final = ("npm", "ci", "--silent", "--no-audit", "--no-fund")
CHECKSUMS: Final = "checksums.txt"

FILES: Final[Mapping[str, Mapping[str, str]]] = {
    "htmx.org": {
        "dist/htmx.min.js": "htmx/htmx.min.js",
        "dist/ext/hx-sse.min.js": "htmx/hx-sse.min.js",
        "LICENSE": "htmx/LICENSE",
    },
    "leaflet": {
        "dist/leaflet.js": "leaflet/leaflet.js",
        "dist/leaflet.css": "leaflet/leaflet.css",
        "dist/images/layers.png": "leaflet/images/layers.png",
        "dist/images/layers-2x.png": "leaflet/images/layers-2x.png",
        "dist/images/marker-icon.png": "leaflet/images/marker-icon.png",
        "dist/images/marker-icon-2x.png": "leaflet/images/marker-icon-2x.png",
        "dist/images/marker-shadow.png": "leaflet/images/marker-shadow.png",
        "LICENSE": "leaflet/LICENSE",
    },
    "uplot": {
        "dist/uPlot.iife.min.js": "uplot/uPlot.iife.min.js",
        "dist/uPlot.min.css": "uplot/uPlot.min.css",
        "LICENSE": "uplot/LICENSE",
    },
}
"""By package: where a file lies in it, and where with us."""


def install(work: Path = WORK) -> Path:
    """Where the packages lie, at the versions and with the hashes of the lock."""
    work.mkdir(parents=True, exist_ok=True)
    for name in LOCK:
        shutil.copyfile(HERE / name, work / name)
    subprocess.run(NPM, cwd=work, check=True)
    return work / "node_modules"


def copy(modules: Path, target: Path = TARGET) -> list[str]:
    """The files as they now lie in `target`, which holds nothing else."""
    if target.exists():
        shutil.rmtree(target)
    for package, files in FILES.items():
        for theirs, ours in files.items():
            (target / ours).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(modules / package / theirs, target / ours)
    sums = dict(checksums(target))
    lines = [f"{digest}  {name}\n" for name, digest in sums.items()]
    (target / CHECKSUMS).write_text("".join(lines), encoding="utf-8")
    return list(sums)


def checksums(target: Path = TARGET) -> Iterator[tuple[str, str]]:
    """Every file and its sha256, as `sha256sum --check checksums.txt` reads them."""
    for path in sorted(target.rglob("*")):
        if path.is_file() and path.name != CHECKSUMS:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield path.relative_to(target).as_posix(), digest


def written(target: Path = TARGET) -> dict[str, str]:
    """What the list of checksums says."""
    lines = (target / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def wanted() -> dict[str, str]:
    """The version of each package, as package.json names it."""
    return _read("package.json")["dependencies"]


def locked() -> dict[str, Mapping[str, str]]:
    """What the lock says of each package."""
    packages = _read("package-lock.json")["packages"]
    return {name.removeprefix("node_modules/"): said for name, said in packages.items() if name}


def _read(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))
