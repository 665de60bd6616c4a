"""Rows out of the store and into it, as lines of JSON (NDJSON), through the clinic's own rules.

``lines`` is the text: written so that a terminal stays harmless, read so that nothing is fatal.
``rows_out`` sends the live rows that one user may take along; ``source`` reads lines as they come;
``rows_in`` applies each through the functions that the screens use.
"""
