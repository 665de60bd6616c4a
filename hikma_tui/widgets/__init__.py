"""Parts that more than one screen uses. They know Textual and plain text, and no database."""
