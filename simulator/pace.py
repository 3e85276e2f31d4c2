"""World time against real time: ×1 or faster."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """World time began at `start_ms` as real time and goes `speed` times as fast (ms UTC)."""

    start_ms: int
    speed: float

    def world(self, real_ms: int) -> int:
        """The world's time at a real moment."""
        return self.start_ms + int((real_ms - self.start_ms) * self.speed)

    def real(self, world_ms: int) -> int:
        """When in real time the world's time is this."""
        return self.start_ms + int((world_ms - self.start_ms) / self.speed)
