"""The rooms behind ``sync``: pull, apply, meet, push, confirm, join, check."""
