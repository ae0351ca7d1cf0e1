"""What will be drawn in the next 48 h, with odds.

In: quarter hours of one meter (`Interval`), production jobs (`Order`), perhaps other inputs known ahead.  Out: `Forecast` records, re-issued on
every new quarter hour and whenever the plan changes.

`grid` lays a load out by local days; `similar_days`, `weekday_level`, `regression` and `two_step` are models of it, `ensemble` asks them together; `experts`
learns from what came which to listen to and how wide the band must be, `learning` says when; `peaks` and `issue` make the record;
`first_day` forecasts while there is no history yet. `step` is the stream's side of it, `backtest` the offline one.
"""
