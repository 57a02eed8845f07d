"""A mutant: the system with one safeguard less, and the run that must show it.

What is swapped is named by its place. A place that is gone, or a text that stands there no more, is
an error: a mutant that changes nothing would pass for one that nobody catches.
"""

import pkgutil
from collections.abc import Callable
from typing import Any

import msgspec

Becomes = Callable[[Any], Any]
"""What a mutant makes of what it found."""


class MutationError(RuntimeError):
    """What a mutant would change is not there."""


class Swap(msgspec.Struct, frozen=True):
    """One thing in the code of the services that is another in a mutant."""

    place: str
    """As `package.module:Class.name`."""
    becomes: Becomes

    def apply(self) -> Callable[[], None]:
        """Swap it in this process; what is returned puts it back."""
        module, _, path = self.place.partition(":")
        holder, _, name = path.rpartition(".")
        owner = pkgutil.resolve_name(f"{module}:{holder}" if holder else module)
        if name not in vars(owner):
            raise MutationError(f"{self.place} is gone")
        found = vars(owner)[name]
        made = self.becomes(found)
        if made == found:
            raise MutationError(f"{self.place} stays as it is")
        setattr(owner, name, made)
        return lambda: setattr(owner, name, found)


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """A safeguard removed; with no invariant to catch it, it must do no harm at all."""

    name: str
    says: str
    """Which safeguard is gone."""
    scenario: str
    caught_by: tuple[str, ...]
    """Of these verdicts at least one must be red; `scenario` is what the scenario itself expects."""
    swaps: tuple[Swap, ...] = ()
    sql: str = ""
    """Run on the run's database before its services start."""
    because: str = ""
    """Why the system does without this safeguard, if it does."""

    @property
    def patch(self) -> Callable[[], None] | None:
        """What is done in the process of each service before its main."""
        return self.apply if self.swaps else None

    def apply(self) -> None:
        """Change the services of this process."""
        for swap in self.swaps:
            swap.apply()


def text(place: str, *changes: tuple[str, str]) -> Swap:
    """A constant in which each old text, found exactly once, is another."""

    def becomes(found: str) -> str:
        for old, new in changes:
            if found.count(old) != 1:
                raise MutationError(f"{place} has {found.count(old)} times {old!r}")
            found = found.replace(old, new)
        return found

    return Swap(place, becomes)


def instead(place: str, new: Any) -> Swap:
    """Something else, whatever was there."""
    return Swap(place, lambda _: new)


def function(signature: str, old: str, new: str) -> str:
    """SQL that changes a text within a function of the schema."""
    return f"""
        do $mutation$
        declare
          definition constant text := pg_get_functiondef('{signature}'::regprocedure);
        begin
          if position($old${old}$old$ in definition) = 0 then
            raise exception '{signature} reads otherwise by now';
          end if;
          execute replace(definition, $old${old}$old$, $new${new}$new$);
        end
        $mutation$;
    """
