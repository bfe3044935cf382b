"""How early does supervision warn? So many units left, or a share of the limit if that is more. No law sets these."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """监察阈值 (domain 3.3, source: assumption); a bundle may state its own."""

    green_units: int = 2
    green_share: float = 0.30
    warning_units: int = 1
    warning_share: float = 0.20

    def green_above(self, limit: int) -> float:
        """Green while more than this is left."""
        return max(self.green_units, self.green_share * limit)

    def warning_at(self, limit: int) -> int:
        """A warning once no more than this is left."""
        return int(max(self.warning_units, self.warning_share * limit))

    def faults(self) -> list[str]:
        """What makes no sense, one sentence each."""
        found = []
        if not (0 <= self.warning_share <= 1 and 0 <= self.green_share <= 1):
            found.append("supervision 的 green_share 和 warning_share 应在 0 到 1 之间。")
        if self.green_units < 0 or self.warning_units < 0:
            found.append("supervision 的 green_units 和 warning_units 不能小于 0。")
        if self.warning_units > self.green_units or self.warning_share > self.green_share:
            found.append("supervision 的预警线不能早于绿灯线：warning 的数应不大于 green 的数。")
        return found


DEFAULT = Thresholds()
