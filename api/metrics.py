"""Figures for operators. Labels are route names, methods and codes: never an id, never a person."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "caretower_http_seconds",
    "Time to answer a call",
    ("route", "method", "code"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
POSITIONS = Counter(
    "caretower_positions", "GPS points by what became of them", ("source", "verdict")
)
SOCKETS = Gauge("caretower_live_sockets", "Open live sockets")
FRAMES = Counter("caretower_live_frames", "Frames written to live sockets")
FEED_AGE = Gauge("caretower_live_feed_age_seconds", "Since the registry last answered the feed")
TASKS = Gauge("caretower_tasks", "Unfinished asyncio tasks of this process")
