"""Where a channel is going: a robust slope, whether it is one at all, and when it meets a limit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import median

_Z80 = 1.2816
"""Of the normal distribution: 10 % lie above it."""
LAST = 3
"""Points whose median, carried on at the slope, is where the channel is now."""

MOST_DAYS = 3_650.0
"""What is further ahead is not ahead."""
Points = list[tuple[int, float]]
"""Number of a quarter hour or of a day, and the mean of the channel in it, by time."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Slope of a channel a day, with what it can be at 80 %, and how sure it is that there is one."""

    slope: float
    slope_low: float
    slope_high: float
    z: float
    """Mann-Kendall: 1 in 740 series without a trend reaches 3."""
    rise: float
    """By how much it has risen over the points, at the slope."""
    level: float

    def days_to(self, limit: float) -> tuple[float, float, float | None] | None:
        """Days until `limit`: at the slope, at least, at most; None where it does not go there, None at most where it may as well not rise."""
        ahead = limit - self.level
        if ahead <= 0:
            return 0.0, 0.0, 0.0
        if self.slope <= 0 or ahead > self.slope * MOST_DAYS:
            return None
        most = ahead / self.slope_low if self.slope_low * MOST_DAYS > ahead else None
        return ahead / self.slope, ahead / max(self.slope_high, self.slope), most


def trend(points: Points, a_day: float) -> Trend | None:
    """Theil-Sen slope [1]_ with its interval and Mann-Kendall z [2]_; None for fewer than four points.

    Parameters
    ----------
    a_day
        How many steps of the points' numbers make a day.

    References
    ----------
    .. [1] Sen: Estimates of the regression coefficient based on Kendall's tau. Journal of the American Statistical Association 63 (1968)
       1379-1389. doi:10.1080/01621459.1968.10480934
    .. [2] Mann: Nonparametric tests against trend. Econometrica 13 (1945) 245-259. doi:10.2307/1907187
    """
    count = len(points)
    if count <= LAST:
        return None
    pairs = list(combinations(points, 2))
    slopes = sorted((two[1] - one[1]) / (two[0] - one[0]) for one, two in pairs)
    ups = sum((two[1] > one[1]) - (two[1] < one[1]) for one, two in pairs)
    spread = sqrt(count * (count - 1) * (2 * count + 5) / 18)
    reach = _Z80 * spread
    low, high = slopes[max(round((len(slopes) - reach) / 2) - 1, 0)], slopes[min(round((len(slopes) + reach) / 2), len(slopes) - 1)]
    slope = median(slopes)
    z = (ups - (ups > 0) + (ups < 0)) / spread
    now = points[-1][0]
    level = median(value + slope * (now - number) for number, value in points[-LAST:])
    return Trend(slope * a_day, low * a_day, high * a_day, z, slope * (now - points[0][0]), level)
