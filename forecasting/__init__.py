"""What the site will draw in the next 48 h, with odds.

In: quarter hours of the billing meter (`Interval`) and production jobs (`Order`).  Out: `Forecast` records, re-issued on every new
quarter hour and whenever the plan changes.  State is only what was seen (ten weeks of loads, the jobs); each issue replays its own
models over the past four weeks, serves the lightest one that earns its keep and takes its band from that model's own errors.
"""
