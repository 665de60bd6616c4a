"""Every SQL statement of the search, in one place.

Synced tables are read through their ``live_`` views only. The tables of the search itself:

``search_index``     FTS5 without content: the tokens of each live patient (``tokens.py``); its
                     rowid is a place in time: the order of rowids is most recently seen first
``search_patients``  which patient stands at which place, and the text that the index must be given
                     back to forget it (SQLite 3.40 can delete from such an index in no other way)
``search_words``     each distinct word of names, camps ... with the number of patients who have it
``search_sounds``    the consonant skeletons of the words of names (``names.sounds``)
``search_parts``     the ends of the words of names, so that any part of a name is a prefix
``search_totals``    how many live patients each clinic has
``search_meta``      the search fields of the registration form that the index was built with
"""

from __future__ import annotations

CREATE = (
    # A token is a kind and a folded word, so columns are not needed; nor are positions or sizes.
    # The lengths of the prefix indexes count the kind: one to four letters typed stream.
    """CREATE VIRTUAL TABLE search_index USING fts5(
        tokens, content='', detail=none, columnsize=0, tokenize='ascii', prefix='2 3 4 5')""",
    """CREATE TABLE search_patients (
        place INTEGER PRIMARY KEY, pk INTEGER NOT NULL, seen INTEGER NOT NULL,
        tokens TEXT NOT NULL)""",
    "CREATE TABLE search_words (word TEXT PRIMARY KEY, patients INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE search_sounds (sound TEXT, word TEXT, PRIMARY KEY (sound, word)) WITHOUT ROWID",
    "CREATE TABLE search_parts (part TEXT, word TEXT, PRIMARY KEY (part, word)) WITHOUT ROWID",
    "CREATE TABLE search_totals (clinic TEXT PRIMARY KEY, patients INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE search_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
CREATE_INDEXES = (
    "CREATE UNIQUE INDEX search_patients_pk ON search_patients (pk)",
    "CREATE INDEX search_patients_seen ON search_patients (seen)",
)
# Each save leaves a small segment; each segment makes each look-up dearer. They are merged a few
# pages at a time, one step in each save (MERGE), so that no save ever waits for a large merge.
SETTINGS = (
    "INSERT INTO search_index (search_index, rank) VALUES ('automerge', 0)",
    "INSERT INTO search_index (search_index, rank) VALUES ('crisismerge', 200)",
    "INSERT INTO search_index (search_index, rank) VALUES ('usermerge', 4)",
)
MERGE = "INSERT INTO search_index (search_index, rank) VALUES ('merge', 16)"
MERGE_PAGES = "INSERT INTO search_index (search_index, rank) VALUES ('merge', ?)"
TABLES = ("index", "patients", "words", "sounds", "parts", "totals", "meta")

# --- what is indexed ---------------------------------------------------------------------------

PATIENT_COLUMNS = (
    "p.pk, p.id, p.given_name, p.surname, p.date_of_birth, p.sex, p.phone, p.camp, p.hometown, "
    "p.citizenship, p.government_id, p.external_patient_id, p.primary_clinic_id"
)
PATIENT = f"SELECT {PATIENT_COLUMNS}, p.created_at FROM live_patients p WHERE p.id = ?"
# What is no moment (another tool may have written a text there) says nothing of when.
MOMENTS = "BETWEEN -62125920000000 AND 64060588800000"
LAST_VISIT = (
    "SELECT max(check_in_timestamp) FROM live_visits"
    f" WHERE patient_id = ? AND check_in_timestamp {MOMENTS}"
)
ATTRIBUTES = (
    "SELECT attribute_id, string_value, number_value, date_value "
    "FROM live_patient_additional_attributes WHERE patient_id = ?"
)
# Which form: as ``patients.registration_form`` chooses it. A server's goes before a local one.
FORM_FIELDS = (
    "SELECT f.fields FROM live_registration_forms f LEFT JOIN (SELECT json_extract("
    "CASE WHEN json_valid(metadata) THEN metadata END, '$.clinic_id') AS clinic"
    " FROM peers ORDER BY status = 'active' DESC, updated_at DESC LIMIT 1"
    ") s ON 1 ORDER BY CASE WHEN s.clinic IS NULL THEN 3 WHEN (f.change_seq = 0 OR "
    "f.server_created_at IS NOT NULL) AND f.fields <> '[]' AND coalesce(f.clinic_id, '') IN "
    "(s.clinic, '') THEN f.clinic_id IS NOT s.clinic WHEN f.clinic_id = s.clinic THEN 2 ELSE 3 "
    "END, f.pk LIMIT 1"
)
_LAST_SEEN = (
    "p.created_at, (SELECT max(v.check_in_timestamp) FROM live_visits v WHERE v.patient_id = p.id"
    f" AND v.check_in_timestamp {MOMENTS}) AS seen"
)
PATIENTS_NAMED = (
    f"SELECT {PATIENT_COLUMNS}, {_LAST_SEEN} FROM json_each(?) j "
    "CROSS JOIN live_patients p ON p.id = j.value"
)
# The one look behind a live_ view: the writer must forget a patient who is live no longer.
ANY_PK = "SELECT pk FROM patients WHERE id = ?"

# --- keeping it --------------------------------------------------------------------------------

STANDING = "SELECT place, seen, tokens FROM search_patients WHERE pk = ?"
STANDING_MANY = (
    "SELECT s.pk, s.place, s.seen, s.tokens FROM json_each(?) j "
    "CROSS JOIN search_patients s ON s.pk = j.value"
)
ADD_PATIENT = "INSERT INTO search_patients (place, pk, seen, tokens) VALUES (?, ?, ?, ?)"
DROP_PATIENT = "DELETE FROM search_patients WHERE place = ?"
ADD_TOKENS = "INSERT INTO search_index (rowid, tokens) VALUES (?, ?)"
DROP_TOKENS = "INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', ?, ?)"
NEXT_NEWER = "SELECT place FROM search_patients WHERE seen >= ? ORDER BY seen LIMIT 1"
NEXT_OLDER = "SELECT place FROM search_patients WHERE seen < ? ORDER BY seen DESC LIMIT 1"
LAST_NEWER = (
    "SELECT max(place) FROM search_patients WHERE seen = "
    "(SELECT min(seen) FROM search_patients WHERE seen >= ?)"
)
FIRST_OLDER = (
    "SELECT min(place) FROM search_patients WHERE seen = "
    "(SELECT max(seen) FROM search_patients WHERE seen < ?)"
)
SEEN_BETWEEN = "SELECT 1 FROM search_patients WHERE seen >= ? AND seen < ? LIMIT 1"
TAKEN_BETWEEN = "SELECT 1 FROM search_patients WHERE place BETWEEN ? AND ? LIMIT 1"
TAKEN_FROM = "SELECT place FROM search_patients WHERE place >= ? ORDER BY place"
COUNT_WORD = (
    "INSERT INTO search_words (word, patients) VALUES (?, 1) "
    "ON CONFLICT (word) DO UPDATE SET patients = patients + 1 RETURNING patients"
)
UNCOUNT_WORD = "UPDATE search_words SET patients = patients - 1 WHERE word = ? RETURNING patients"
ADD_WORD = "INSERT INTO search_words (word, patients) VALUES (?, ?)"
DROP_WORD = "DELETE FROM search_words WHERE word = ?"
WORDS_NAMED = (
    "SELECT w.word, w.patients FROM json_each(?) j CROSS JOIN search_words w ON w.word = j.value"
)
SET_WORD = "INSERT OR REPLACE INTO search_words (word, patients) VALUES (?, ?)"
ADD_SOUND = "INSERT OR IGNORE INTO search_sounds (sound, word) VALUES (?, ?)"
DROP_SOUND = "DELETE FROM search_sounds WHERE sound = ? AND word = ?"
ADD_PART = "INSERT OR IGNORE INTO search_parts (part, word) VALUES (?, ?)"
DROP_PART = "DELETE FROM search_parts WHERE part = ? AND word = ?"
ADD_TOTAL = (
    "INSERT INTO search_totals (clinic, patients) VALUES (?, ?) "
    "ON CONFLICT (clinic) DO UPDATE SET patients = patients + excluded.patients"
)
SET_META = "INSERT OR REPLACE INTO search_meta (name, value) VALUES (?, ?)"
META = "SELECT value FROM search_meta WHERE name = ?"

REBUILD_ORDER = (
    "CREATE TEMP TABLE search_order AS SELECT p.pk AS pk, "
    f"CAST(coalesce(v.seen, CASE WHEN p.created_at {MOMENTS} THEN p.created_at END, 0)"
    " AS INTEGER) AS seen "
    "FROM live_patients p LEFT JOIN (SELECT patient_id, max(check_in_timestamp) AS seen "
    f"FROM live_visits WHERE check_in_timestamp {MOMENTS} GROUP BY patient_id) v"
    " ON v.patient_id = p.id ORDER BY 2 DESC"
)
REBUILD_ROWS = (
    f"SELECT {PATIENT_COLUMNS}, o.seen FROM temp.search_order o "
    "CROSS JOIN live_patients p ON p.pk = o.pk ORDER BY o.rowid"
)
ORDERED = (
    f"SELECT {PATIENT_COLUMNS}, {_LAST_SEEN} FROM temp.search_order o "
    "CROSS JOIN live_patients p ON p.pk = o.pk "
    "WHERE o.rowid > ? AND o.rowid <= ? ORDER BY o.rowid"
)
REBUILD_BEGIN = (
    "INSERT INTO search_index (search_index, rank) VALUES ('automerge', 0)",
    "INSERT INTO search_index (search_index, rank) VALUES ('crisismerge', 1000)",
    "INSERT INTO search_index (search_index, rank) VALUES ('hashsize', 8388608)",
)
SPARING = ("INSERT INTO search_index (search_index, rank) VALUES ('hashsize', 2097152)",)
OPTIMIZE = "INSERT INTO search_index (search_index) VALUES ('optimize')"
REBUILD_END = (
    OPTIMIZE,
    "INSERT INTO search_index (search_index, rank) VALUES ('hashsize', 1048576)",
    *SETTINGS,
)

# --- asking ------------------------------------------------------------------------------------

MATCH = "SELECT rowid FROM search_index WHERE search_index MATCH ? ORDER BY rowid LIMIT ?"
COUNT = "SELECT count(*) FROM search_index WHERE search_index MATCH ?"
EVERYONE = "SELECT place FROM search_patients ORDER BY place LIMIT ?"
EVERYONE_COUNT = "SELECT coalesce(sum(patients), 0) FROM search_totals"
TOTALS = "SELECT clinic, patients FROM search_totals"
WORDS_FROM = (
    "SELECT word FROM search_words WHERE word >= ? AND word < ? ORDER BY patients DESC LIMIT ?"
)
HAS_WORDS = "SELECT 1 FROM search_words WHERE word >= ? AND word < ? LIMIT 1"
WORDS_SOUNDING = (
    "SELECT DISTINCT w.word FROM search_sounds s JOIN search_words w ON w.word = s.word "
    "WHERE s.sound >= ? AND s.sound < ? ORDER BY w.patients DESC LIMIT ?"
)
WORDS_HAVING = (
    "SELECT DISTINCT w.word FROM search_parts s JOIN search_words w ON w.word = s.word "
    "WHERE s.part >= ? AND s.part < ? ORDER BY w.patients DESC LIMIT ?"
)
# CROSS JOIN: the guesses drive, each is one short look into the words.
WORDS_GUESSED = (
    "SELECT DISTINCT w.word FROM json_each(?) g CROSS JOIN search_words w "
    "WHERE w.word >= g.value AND w.word < g.value || char(1114111) "
    "ORDER BY w.patients DESC LIMIT ?"
)
WORDS_EQUAL = (
    "SELECT w.word FROM json_each(?) g CROSS JOIN search_words w ON w.word = g.value "
    "ORDER BY w.patients DESC LIMIT ?"
)

HIT_COLUMNS = (
    "s.place, p.pk, p.id, p.given_name, p.surname, p.sex, p.date_of_birth, p.metadata, "
    "p.external_patient_id, p.government_id, p.phone, p.camp, p.hometown, p.primary_clinic_id, "
    "s.seen, s.tokens"
)
HITS = (
    f"SELECT {HIT_COLUMNS} FROM json_each(?) j CROSS JOIN search_patients s ON s.place = j.value "
    "CROSS JOIN live_patients p ON p.pk = s.pk"
)

# --- checking ----------------------------------------------------------------------------------

LIVE_PKS = "SELECT pk, id FROM live_patients"
ALL_STANDING = "SELECT place, pk, seen, tokens FROM search_patients"
ALL_WORDS = "SELECT word, patients FROM search_words"
ALL_PLACES = "SELECT rowid FROM search_index WHERE search_index MATCH ?"
