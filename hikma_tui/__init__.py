"""hikma-tui: an electronic health record for clinics that have almost nothing, in a terminal."""

__version__ = "0.1.0"
