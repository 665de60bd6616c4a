"""hikma-tui: an electronic health record for clinics that have almost nothing, in a terminal."""

__version__ = "0.1.0"

# The day of this release: a clock that shows an earlier one can't be right (decisions.md 7).
BUILD_DAY = "2026-11-22"
