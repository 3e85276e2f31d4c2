"""Measurements that guard latency: each module has `run(short) -> list[Row]`."""
