"""Pictures where people would rather look than read, of plain controls, named for screen readers.

- `month_heat`: a month as a calendar, warmer where more happens.
- `bars`: one bar a person or thing, with its number.
- `trend`: a row of columns, one a month.
- `timeline`: what happens in a day, one under the other.
- `month_flow`: a month from event to approval, a line for each thing.
- `season_strip`: the months in which each crop is sold.
- `village_map`: where the villages of a day lie, without tiles.
"""
