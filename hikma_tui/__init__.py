"""hikma-tui: an electronic health record for clinics that have almost nothing, in a terminal."""

__version__ = "0.1.0"

# A clock that shows a day before this one can't be right (decisions.md 7). Two days before the
# release, so that no time zone of the world is behind it on the day itself.
BUILD_DAY = "2026-11-20"
