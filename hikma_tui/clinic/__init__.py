"""What staff do, one module a subject. Functions take the acting user first and plain data.

They run on a store's thread: ``store.read(patients.card, actor, patient_id)`` for what only looks,
``store.write(patients.register, actor, ...)`` for what saves. None of them knows a screen.
"""
