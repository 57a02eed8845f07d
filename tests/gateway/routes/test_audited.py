"""Whatever operators write leaves a row; each subject's own tests say which."""

import inspect
import sys

from services.gateway.routes.app import ADMIN

READS = {"GET", "HEAD", "OPTIONS"}


def test_every_write_of_operators_is_recorded():
    writes = [handler for handler in ADMIN if not handler.http_methods <= READS]
    silent = [
        handler.fn.__name__
        for handler in writes
        if "await record(" not in inspect.getsource(sys.modules[handler.fn.__module__])
    ]
    assert len(writes) > 10
    assert silent == []
