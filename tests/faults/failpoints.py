"""The points at which a service can be made to die, to raise or to stand still."""


def arm_failpoint(wanted: str) -> None:
    """Arm `service.step:kill|raise|sleep[:nth]`."""
    raise NotImplementedError(wanted)
