"""What the gateway is told by its environment."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from libs.common.settings import CommonSettings, default_key


class GatewaySettings(CommonSettings, frozen=True, kw_only=True):
    """Common settings, the keys of the interface, and where it listens."""

    api_key: Annotated[str, msgspec.Meta(examples=["the output of `openssl rand -hex 32`"])]
    secret_key: Annotated[str, msgspec.Meta(examples=["the output of `openssl rand -hex 32`"])]
    """Signs links."""
    admin_api_key: str = ""
    """Of /admin/**; empty: the API key opens it."""
    gateway_host: str = "127.0.0.1"
    gateway_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8000
    api_base_url: str = "http://localhost:8000"
    public_base_url: str = ""
    default_addresses_per_report: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10
    max_job_retries: Annotated[int, msgspec.Meta(ge=0, le=10)] = 3
    job_cleanup_days: Annotated[int, msgspec.Meta(ge=1, le=36500)] = 7
    """What `cleanup-jobs` takes for old; no job is cleaned by itself."""
    catch_up_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 7
    rate_limit_enabled: bool = True
    """Whether a key has only so many requests on /api/**."""
    rate_limit_requests: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] = 100
    rate_limit_window: Annotated[int, msgspec.Meta(ge=1, le=31 * 86400)] = 3600
    """Seconds, from the key's first request."""
    min_property_age_years: Annotated[int, msgspec.Meta(ge=0, le=50)] = 6
    max_property_age_years: Annotated[int, msgspec.Meta(ge=0, le=50)] = 8
    """What the console counts as stock: the same as the scraper's."""
    map_tiles_url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(https?://[A-Za-z0-9.-]+(:[0-9]+)?/[!-~]*)?$",
            examples=["https://tiles.example.org/{z}/{x}/{y}.png"],
        ),
    ] = ""
    """Empty: maps draw the outlines of communes, and no browser asks anybody but us."""
    map_tiles_attribution: Annotated[str, msgspec.Meta(max_length=300)] = ""
    smtp_server: str = ""
    """Only looked at by /admin/health; empty: the one that the notifier uses."""
    smtp_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    smtp_security: Literal["starttls", "tls", "none", ""] = ""
    """Empty: `tls` on port 465, else `starttls`."""

    def __post_init__(self) -> None:
        """Refuse keys that open the door to everybody."""
        keys = ("api_key", "secret_key", "admin_api_key")
        problems = [default_key(name.upper(), getattr(self, name)) for name in keys]
        problems += _tile_problems(self.map_tiles_url, self.map_tiles_attribution)
        if any(problems):
            raise ValueError("; ".join(filter(None, problems)))

    @property
    def tile_origin(self) -> str:
        """From where browsers may load the pictures of a map besides; empty: from nowhere."""
        parts = urlsplit(self.map_tiles_url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _tile_problems(url: str, attribution: str) -> list[str]:
    if not url:
        return []
    problems: list[str] = []
    if missing := [field for field in ("{z}", "{x}", "{y}") if field not in url]:
        problems.append(f"MAP_TILES_URL has no {', '.join(missing)}")
    if not attribution:
        problems.append(
            "MAP_TILES_ATTRIBUTION is missing, for example © OpenStreetMap: who draws a map is named"
        )
    return problems
