"""What do the measured numbers mean for a city? `python -m bench.capacity RECORD PREFECT CPU`, as in docs/scaling.md.

RECORD and PREFECT: cases per second, in the record and completed in Prefect. CPU: CPU-seconds a case, all processes.
"""

import math
import sys

CITIES = {"启东": 5_418, "亳州": 17_000, "亳州的十倍": 170_000}  # cases a day
PEAK = 0.2  # assumption: this part of a day's cases comes in its busiest hour
BUSY = 0.6  # assumption: a machine is planned to be this busy in that hour, not more

HEAD = (
    "| 城市 | 每天办件 | 高峰每秒 | 记录能承担高峰的倍数 | Prefect 能承担高峰的倍数 | 需要的处理器核 |",
    "|---|---|---|---|---|---|",
)


def table(record: float, prefect: float, cpu: float) -> str:
    """A line a city: how often its busiest hour fits into what was measured, and how many cores it takes."""
    return "\n".join([*HEAD, *(_line(city, count, record, prefect, cpu) for city, count in CITIES.items())])


def _line(city: str, daily: int, record: float, prefect: float, cpu: float) -> str:
    peak = daily * PEAK / 3600
    cores = math.ceil(peak * cpu / BUSY)
    return (
        f"| {city} | {daily:,} | {peak:.2f} | {record / peak:.1f} | {prefect / peak:.1f} | {max(2, cores)} |"
    )


if __name__ == "__main__":
    print(table(*(float(one) for one in sys.argv[1:4])))
