"""One screen a module: it shows and asks. No SQL, no saving of its own."""
