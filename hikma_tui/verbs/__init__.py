"""The rooms behind ``cli``: a verb each; ``table`` lists them, ``parser`` reads what was typed."""
