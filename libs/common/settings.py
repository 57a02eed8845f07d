"""Settings: the environment as one frozen struct, or one sentence that names every problem."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


_DEFAULT_KEY: Final = re.compile(
    r"your.*|insert.*|.*(changeme|changethis|replaceme|placeholder).*"
    r"|secret|secretkey|default|apikey|adminkey|adminapikey|password|admin|example|xxx+|todo|none|null"
)
"""Keys that somebody copied from an example; compared without case and punctuation."""


class SettingsError(Exception):
    """The environment does not say what the service needs; the text names every problem."""


class CommonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service is told. A field is set by the variable of the same name in capitals.

    `Annotated[str, msgspec.Meta(examples=["x"])]` gives the example that a refusal shows.
    """

    database_url: Annotated[str, msgspec.Meta(examples=["postgresql://gateway@db:5432/trackimmo"])]
    kafka_bootstrap_servers: Annotated[str, msgspec.Meta(examples=["kafka:9092"])]
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: str = "PLAIN"
    kafka_sasl_username: str = ""
    kafka_sasl_password: str = ""
    kafka_idempotence: bool = True
    """False only for a broker without idempotent producers (the embedded one)."""
    metrics_port: int = 0
    """Of /live, /ready and /metrics, on loopback unless METRICS_HOST says otherwise; 0: any free."""
    metrics_host: str = "127.0.0.1"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    otel_exporter_otlp_endpoint: str = ""
    """Of a collector of traces that speaks OTLP over HTTP; empty: no spans are recorded."""


def load(settings: type[S], environ: Mapping[str, str] = os.environ) -> S:
    """The settings of a service, or a `SettingsError` that names every variable at fault.

    An empty variable counts as not set. Tuples are blank-separated.
    """
    values: dict[str, Any] = {}
    problems = list(_read(settings, environ, values))
    try:
        loaded = settings(**values)
    except ValueError as error:  # a struct's own rules, in __post_init__
        problems += str(error).split("; ")
    else:
        if not problems:
            return loaded
    raise SettingsError(f"{_count(problems)} in the environment: {'; '.join(problems)}.")


def _read(settings: type[S], environ: Mapping[str, str], values: dict[str, Any]) -> Iterator[str]:
    hints = get_type_hints(settings, include_extras=True)
    for field in msgspec.structs.fields(settings):
        variable, text = field.name.upper(), environ.get(field.name.upper(), "").strip()
        if not text:
            if field.required:
                yield f"{variable} is missing{_example(hints[field.name])}"
                values[field.name] = _examples(hints[field.name])[0]  # the other rules go on
            continue
        try:
            values[field.name] = _convert(text, hints[field.name])
        except msgspec.ValidationError as error:
            values |= {field.name: _examples(hints[field.name])[0]} if field.required else {}
            shown = "" if _secret(variable) else f" ({text!r})"
            yield f"{variable}{shown} is wrong: {error}{_example(hints[field.name])}"


def _convert(text: str, hint: Any) -> Any:
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    value = text.split() if get_origin(bare) is tuple else text
    return msgspec.convert(value, hint, strict=False, dec_hook=lambda kind, raw: kind(raw))


def _example(hint: Any) -> str:
    examples = _examples(hint)
    return f", for example {examples[0]}" if examples[0] else ""


def _examples(hint: Any) -> list[Any]:
    metas = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    return [example for meta in metas for example in meta.examples or ()] or [None]


def default_key(variable: str, value: str) -> str:
    """What is wrong with a key that everybody knows, or nothing."""
    if not _DEFAULT_KEY.fullmatch(re.sub(r"[^a-z0-9]", "", value.lower())):
        return ""
    return (
        f"{variable} is a default value that everybody knows,"
        " give one of your own, for example the output of `openssl rand -hex 32`"
    )


def _secret(variable: str) -> bool:
    return any(word in variable for word in ("KEY", "PASSWORD", "DATABASE_URL"))


def _count(problems: list[str]) -> str:
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
