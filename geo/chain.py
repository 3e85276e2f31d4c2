"""Ask the best engine first, stop asking one that is broken, and never hide a guess."""

from collections.abc import Callable, Sequence
from threading import Lock

from geo.estimate import Estimate
from geo.points import Positions
from geo.travel import EngineFailed, TravelMatrix, TravelTimes

TRIP_AFTER = 3
REST_S = 30.0


class Breaker:
    """Counts failures in a row; after `trip_after` of them it rests for `rest_s` seconds.

    When the rest is over one call is let through to try: if it fails, the rest begins again.
    """

    def __init__(self, clock: Callable[[], float], trip_after: int, rest_s: float) -> None:
        self._clock = clock
        self._trip_after = trip_after
        self._rest_s = rest_s
        self._failures = 0
        self._closed_again_at = 0.0
        self._lock = Lock()

    def admits(self) -> bool:
        """Whether to ask now. A trial call keeps others away until it has answered."""
        with self._lock:
            if self._failures < self._trip_after:
                return True
            now = self._clock()
            if now < self._closed_again_at:
                return False
            self._closed_again_at = now + self._rest_s
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= self._trip_after:
                self._closed_again_at = self._clock() + self._rest_s


class Chain:
    """Travel times from the first engine that answers, else the labelled last resort.

    One matrix comes from one engine, whole: an engine that cannot answer all of it raises
    EngineFailed, and then the next one answers all of it. So times of different engines are
    never compared within a matrix, and `engine` and `quality` hold for every cell of it. NaN is
    an answer ("no road leads there"), never a failure, and is not replaced by a guess.

    clock: seconds that never run backwards, such as time.monotonic.
    """

    def __init__(
        self,
        engines: Sequence[TravelTimes],
        *,
        clock: Callable[[], float],
        last_resort: TravelTimes | None = None,
        trip_after: int = TRIP_AFTER,
        rest_s: float = REST_S,
    ) -> None:
        self._engines = [(engine, Breaker(clock, trip_after, rest_s)) for engine in engines]
        self._last_resort = last_resort or Estimate()

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        """See TravelTimes.matrix; never raises EngineFailed with the built-in last resort."""
        for engine, breaker in self._engines:
            if not breaker.admits():
                continue
            try:
                answer = engine.matrix(origins, destinations)
            except EngineFailed:
                breaker.failed()
            else:
                breaker.succeeded()
                return answer
        return self._last_resort.matrix(origins, destinations)
