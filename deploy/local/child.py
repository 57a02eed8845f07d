"""Become a command that ends when its parent does, whichever way the parent ends.

Run by path, in the standard library only: `python -I -S child.py PARENT SIGNAL USER COMMAND…`.
It leads a process group of its own, so that Ctrl-C in a terminal reaches the supervisor alone.
"""

import ctypes
import os
import pwd
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def command_line(
    *command: str, orphaned: signal.Signals = signal.SIGKILL, user: str = ""
) -> list[str]:
    """What to run so that `command` gets the signal `orphaned` when the thread that ran it ends."""
    launcher = (sys.executable, "-I", "-S", __file__, str(os.getpid()))
    return [*launcher, str(int(orphaned)), user, *command]


def _drop_to(user: str) -> None:
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _die_with(parent: int, signal_number: int) -> None:
    if sys.platform != "linux":
        return
    # After the change of user: that change clears the setting.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(f"the parent process {parent} ended before {sys.argv[4]} began")


def main() -> None:
    parent, signal_number, user, *command = sys.argv[1:]
    os.setpgid(0, 0)
    if user:
        _drop_to(user)
    _die_with(int(parent), int(signal_number))
    os.execvp(command[0], command)  # noqa: S606 - becoming the command is the purpose


if __name__ == "__main__":
    main()
