"""How points are armed: before or after what, and where that counts."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, Final

from aiokafka.protocol.produce import ProduceRequest

from tests.faults.failpoints.moments import Deeds
from tests.faults.failpoints.wrapping import Call, Fires, after, replaced

Arm = Callable[[Fires], None]
When = Callable[..., object]

ON_THE_WIRE_SECONDS: Final = 0.1


def something(result: object, *_: object) -> object:
    return result


def after_it(target: str, when: When = something) -> Arm:
    return partial(after, target, when=when)


def where(moment: Callable[[Deeds, Fires], None], target: str, when: When = something) -> Arm:
    """At a moment of transactions, where this function did something."""

    def armed(fire: Fires) -> None:
        deeds = Deeds()
        moment(deeds, fire)
        deeds.note_calls(target, when)

    return armed


def always(*_: object) -> bool:
    return True


def somebody_waits(_: object, __: object, waiting: Sequence[tuple[Any, Any]]) -> bool:
    return any(cities for _, cities in waiting)


def is_handled(_: object, received: Sequence[Any]) -> bool:
    return bool(received)


def is_promised(promised: object, *_: object) -> bool:
    return promised is True


def says(code: int) -> Callable[..., bool]:
    return lambda response, *_: response.code == code


def some_answered(_: object, fates: Sequence[tuple[Any, Any]]) -> bool:
    return any(not isinstance(said, BaseException) for _, said in fates)


def sent_without_answer(fire: Fires) -> None:
    """The broker's answer to a batch is not read before the point has fired."""

    async def withheld(answer: Any) -> Any:
        await asyncio.sleep(ON_THE_WIRE_SECONDS)
        await fire()
        return await answer

    def make(send: Call) -> Call:
        @wraps(send)
        def sent(connection: Any, request: Any, *given: Any, **named: Any) -> Any:
            answer = send(connection, request, *given, **named)
            return withheld(answer) if isinstance(request, ProduceRequest) else answer

        return sent

    replaced("aiokafka.conn:AIOKafkaConnection.send", make)
