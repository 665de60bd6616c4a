"""The SQL of ``search.beside``: an index made in another file and taken over."""

from __future__ import annotations

from hikma_tui.search import sql

PRAGMAS = (
    # The file is nobody's record: what a power cut leaves of it is thrown away.
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -2000",
    "PRAGMA temp_store = FILE",
)
_COLUMNS = sql.PATIENT_COLUMNS.replace("p.", "").split(", ")[2:]
PATIENT = ("id", *_COLUMNS, "created_at")
VISIT = ("patient_id", "check_in_timestamp")
FORM = ("id", "clinic_id", "fields", "change_seq", "server_created_at")
PEER = ("metadata", "status", "updated_at")

# Stand-ins for what the store's views show, as far as an index is made of it.
CREATE = (
    f"CREATE TABLE live_patients (pk INTEGER PRIMARY KEY, id UNIQUE, {', '.join(PATIENT[1:])})",
    f"CREATE TABLE live_visits ({', '.join(VISIT)})",
    f"CREATE TABLE live_registration_forms (pk INTEGER PRIMARY KEY, id UNIQUE,"
    f" {', '.join(FORM[1:])})",
    f"CREATE TABLE peers ({', '.join(PEER)})",
)


def _add(table: str, columns: tuple[str, ...], key: str = "") -> str:
    """Insert rows; of those with one key the last counts, at the place of the first."""
    sets = ", ".join(f"{name} = excluded.{name}" for name in columns)
    values = ", ".join("?" * len(columns))
    again = f" ON CONFLICT ({key}) DO UPDATE SET {sets}" if key else ""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}){again}"


ADD_PATIENT = _add("live_patients", PATIENT, "id")
ADD_VISIT = _add("live_visits", VISIT)
ADD_FORM = _add("live_registration_forms", FORM, "id")
ADD_PEER = _add("peers", PEER)
FORMS_HERE = f"SELECT {', '.join(FORM)} FROM live_registration_forms ORDER BY pk"
PEERS_HERE = (
    "SELECT json_object('clinic_id', json_extract("
    "CASE WHEN json_valid(metadata) THEN metadata END, '$.clinic_id')), status, updated_at"
    " FROM peers"
)

# --- taking over -------------------------------------------------------------------------------

COUNT = "SELECT count(*) FROM beside.search_patients"
FIELDS = "SELECT value FROM beside.search_meta WHERE name = 'fields'"
_SMALL = ("words", "sounds", "parts", "totals", "meta")
DROP_NEW = tuple(f"DROP TABLE IF EXISTS search_new_{table}" for table in sql.TABLES)
CREATE_NEW = (
    *(statement.replace("TABLE search_", "TABLE search_new_", 1) for statement in sql.CREATE),
    *(f"DELETE FROM search_new_index_{part}" for part in ("data", "idx", "config")),
)
COPY_SMALL = (
    *(f"INSERT INTO search_new_{t} SELECT * FROM beside.search_{t}" for t in _SMALL),
    *(
        f"INSERT INTO search_new_index_{part} SELECT * FROM beside.search_index_{part}"
        for part in ("idx", "config")
    ),
)
PAGES_UNTIL = (
    "SELECT max(id) FROM (SELECT id FROM beside.search_index_data WHERE id > ? ORDER BY id LIMIT ?)"
)
COPY_PAGES = (
    "INSERT INTO search_new_index_data SELECT * FROM beside.search_index_data"
    " WHERE id > ? AND id <= ?"
)
PLACES_UNTIL = (
    "SELECT max(place) FROM (SELECT place FROM beside.search_patients WHERE place > ?"
    " ORDER BY place LIMIT ?)"
)
# Who is not here any more, or never came in, is under the negative of the place until it is gone.
COPY_PATIENTS = (
    "INSERT INTO search_new_patients (place, pk, seen, tokens)"
    " SELECT s.place, coalesce(p.pk, -s.place), s.seen, s.tokens FROM beside.search_patients s"
    " CROSS JOIN beside.live_patients q ON q.pk = s.pk LEFT JOIN live_patients p ON p.id = q.id"
    " WHERE s.place > ? AND s.place <= ?"
)
_OURS = ", ".join(f"p.{name}" for name in PATIENT)
_THEIRS = ", ".join(f"q.{name}" for name in PATIENT)
DIFFERING = (
    "INSERT OR IGNORE INTO index_waiting (patient_id) SELECT p.id FROM beside.search_patients s"
    " CROSS JOIN beside.live_patients q ON q.pk = s.pk CROSS JOIN live_patients p ON p.id = q.id"
    f" WHERE s.place > ? AND s.place <= ? AND (({_OURS}) IS NOT ({_THEIRS}) OR s.seen IS NOT"
    " coalesce((SELECT max(v.check_in_timestamp) FROM live_visits v WHERE v.patient_id = p.id),"
    " p.created_at, 0))"
)
STANDING_HERE = "SELECT p.id FROM search_patients s JOIN patients p ON p.pk = s.pk"
CHANGE_PLACES = (
    *(f"DROP TABLE search_{table}" for table in sql.TABLES),
    *(f"ALTER TABLE search_new_{table} RENAME TO search_{table}" for table in sql.TABLES),
    *sql.CREATE_INDEXES,
)
NOT_HERE = "SELECT place FROM search_patients WHERE pk < 0"
DEAD = (
    "SELECT p.id FROM patients p JOIN search_patients s ON s.pk = p.pk"
    " WHERE p.tombstone IS NOT NULL"
)
STANDING_COUNT = "SELECT count(*) FROM search_patients"
LIVE_COUNT = "SELECT count(*) FROM live_patients"
MISSING = (
    "INSERT OR IGNORE INTO index_waiting (patient_id) SELECT p.id FROM live_patients p"
    " WHERE NOT EXISTS (SELECT 1 FROM search_patients s WHERE s.pk = p.pk)"
)
