"""The servers' dialects: HTTP and JSON only; the store is not known here."""
