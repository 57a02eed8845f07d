"""Named functions of the services with more before or after them.

A target is `package.module:function` or `package.module:Class.method`. What is not there, or is of
another kind than the point was written for, is an error: a point that wraps nothing would make a
run that proves nothing.
"""

import importlib
import inspect
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final

OURS: Final = ("libs.", "services.")

Call = Callable[..., Any]
Fires = Callable[[], Awaitable[None]]


class FailpointError(RuntimeError):
    """A point cannot be armed; the message says why."""


def replaced(target: str, make: Callable[[Call], Call]) -> None:
    """Put something in the place of a function, wherever our modules have bound it by its name."""
    module_name, _, path = target.partition(":")
    *parents, name = path.split(".")
    try:
        owner: Any = importlib.import_module(module_name)
        for parent in parents:
            owner = getattr(owner, parent)
        found = inspect.getattr_static(owner, name)
    except (ModuleNotFoundError, AttributeError) as error:
        raise FailpointError(f"{target} is gone: {error}") from error
    if not inspect.isfunction(found):
        raise FailpointError(f"{target} is no function any more, but {type(found).__name__}")
    made = make(found)
    setattr(owner, name, made)
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(OURS) and getattr(module, name, None) is found:
            setattr(module, name, made)


def before(target: str, fire: Fires, *, when: Callable[..., object] = lambda *_: True) -> None:
    """Fire before a coroutine function does its work, if `when` says so of its arguments."""

    def make(call: Call) -> Call:
        _must_be(target, inspect.iscoroutinefunction(call), "coroutine function")

        @wraps(call)
        async def wrapped(*given: Any, **named: Any) -> Any:
            if when(*given):
                await fire()
            return await call(*given, **named)

        return wrapped

    replaced(target, make)


def after(
    target: str, fire: Fires, *, when: Callable[..., object] = lambda result, *_: result
) -> None:
    """Fire when a coroutine function has done its work, if `when` says so.

    It is asked about what the function returns and was given.
    """

    def make(call: Call) -> Call:
        _must_be(target, inspect.iscoroutinefunction(call), "coroutine function")

        @wraps(call)
        async def wrapped(*given: Any, **named: Any) -> Any:
            result = await call(*given, **named)
            if when(result, *given):
                await fire()
            return result

        return wrapped

    replaced(target, make)


def noted(target: str, note: Callable[[], None], *, when: Callable[..., object]) -> None:
    """Note that a function has done its work, coroutine or not, if `when` says so as above."""

    def make(call: Call) -> Call:
        @wraps(call)
        async def in_time(*given: Any, **named: Any) -> Any:
            result = await call(*given, **named)
            if when(result, *given):
                note()
            return result

        @wraps(call)
        def at_once(*given: Any, **named: Any) -> Any:
            result = call(*given, **named)
            if when(result, *given):
                note()
            return result

        return in_time if inspect.iscoroutinefunction(call) else at_once

    replaced(target, make)


def context(target: str, make: Callable[[Call], Call]) -> None:
    """Put another asynchronous context manager in the place of one."""

    def checked(call: Call) -> Call:
        inner = getattr(call, "__wrapped__", None)
        _must_be(target, inspect.isasyncgenfunction(inner), "asynchronous context manager")
        return make(call)

    replaced(target, checked)


def _must_be(target: str, is_it: bool, kind: str) -> None:  # noqa: FBT001 - read beside its kind
    if not is_it:
        raise FailpointError(f"{target} is no {kind} any more")
