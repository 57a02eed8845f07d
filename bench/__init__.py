"""What TrackImmo's speed is, and what its peers' is on the same machine in the same run.

An area is a module of this package with `async def measure(context: Context) -> list[Measure]`.
"""
