"""The tables that never leave this store: settings, deletions, drafts, the audit trail, peers."""

from __future__ import annotations

from typing import Any

from peewee import AutoField, CompositeKey, IntegerField, TextField

from hikma_tui.columns import Flag, Moment, OwnJson
from hikma_tui.tables import Base


def _object() -> dict[str, Any]:
    return {}


class StoreInfo(Base):
    """Facts of this store: which one it is, its machine, its settings, its counters."""

    key = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "store_info"


class Deletion(Base):
    """One act of deleting, with all that went with it: the number that its tombstones carry."""

    pk = AutoField()
    table_name = TextField()
    row_id = TextField()
    patient_id = TextField(null=True)
    label = TextField(default="")  # what an administrator reads when undoing
    counts = OwnJson(default=_object)  # rows taken, by table
    reason = TextField()
    user_id = TextField(null=True)
    user_name = TextField(default="")
    machine_id = TextField(default="")
    deleted_at = Moment()
    sent_at = Moment(null=True)  # once a peer has it, it can't be undone
    undone_at = Moment(null=True)
    undone_by = TextField(null=True)

    class Meta:
        table_name = "deletions"


class Draft(Base):
    """What has been typed and not saved yet, by user and place."""

    pk = AutoField()
    user_id = TextField()
    place = TextField()  # "patient:<id>", "patient:new:<id>", "event:<patient>:<form>:<day>:<id>"
    patient_id = TextField(null=True)
    content = OwnJson(default=_object)
    updated_at = Moment()

    class Meta:
        table_name = "drafts"
        indexes = ((("user_id", "place"), True),)


class OpenVisit(Base):
    """A visit begun at this machine and not yet finished; nothing of it travels."""

    visit_id = TextField(primary_key=True)
    user_id = TextField()
    opened_at = Moment()

    class Meta:
        table_name = "open_visits"


class EventLog(Base):
    """The audit trail: upstream's columns (features.md 1.14) plus the previous entry's hash."""

    pk = AutoField()
    id = TextField(unique=True)
    transaction_id = TextField()
    action_type = TextField()
    table_name = TextField()
    row_id = TextField(index=True)
    changes = TextField()  # the very JSON text that was hashed
    device_id = TextField()
    app_id = TextField()
    user_id = TextField()
    ip_address = TextField(null=True)
    metadata = TextField(null=True)
    synced = Flag(default=False)
    created_at = Moment()
    previous_hash = TextField()
    hash = TextField()

    class Meta:
        table_name = "event_logs"


class Peer(Base):
    """A server or hub that this store exchanges rows with (features.md 2.2)."""

    id = TextField(primary_key=True)
    peer_id = TextField(unique=True)
    name = TextField()
    ip_address = TextField(null=True)
    port = IntegerField(null=True)
    public_key = TextField(default="")
    last_synced_at = Moment(null=True)
    peer_type = TextField()
    is_leader = Flag(default=False)
    status = TextField()
    protocol_version = TextField(default="1")
    metadata = OwnJson(null=True)
    created_at = Moment()
    updated_at = Moment()

    class Meta:
        table_name = "peers"


class PeerRow(Base):
    """What still stands between this store and one server about one row.

    A row with ``change_seq`` 0 and no line here is agreed: it is as the server sent it, or was read
    back from the server and found equal (decisions.md 26). The first local change of an agreed row
    copies it into ``base``, so that a merge can tell who changed what (decisions.md 23); a row that
    the server never had has no base. ``syncing.shapes.State`` has the words of ``state``.
    """

    peer_id = TextField()
    table_name = TextField()
    row_id = TextField()
    base = OwnJson(null=True)  # the row as last agreed: every wire column, and ``unknown``
    sent = OwnJson(null=True)  # the row as it was last sent, in our own form; {} for a deletion
    sent_seq = IntegerField(default=0)  # its change_seq at that moment
    sent_at = Moment(null=True)
    state = TextField(default="")
    reason = TextField(default="")  # a code of ``syncing.shapes.Reason``
    tries = IntegerField(default=0)  # how often it was sent in vain

    class Meta:
        table_name = "peer_rows"
        primary_key = CompositeKey("peer_id", "table_name", "row_id")
        without_rowid = True
        indexes = ((("state",), False),)


class Conflict(Base):
    """A row about which here and the server disagree, until someone chooses (decisions.md 24, 25).

    Ours is the row itself; ``theirs`` is the server's, NULL where the server has deleted it.
    """

    pk = AutoField()
    peer_id = TextField()
    table_name = TextField()
    row_id = TextField()
    patient_id = TextField(null=True, index=True)
    kind = TextField()  # a word of ``syncing.shapes.Disagreement``
    base = OwnJson(null=True)
    theirs = OwnJson(null=True)
    found_at = Moment()
    resolved_at = Moment(null=True)
    resolved_by = TextField(null=True)
    choice = OwnJson(null=True)

    class Meta:
        table_name = "conflicts"
        indexes = ((("table_name", "row_id"), False),)


class SyncRun(Base):
    """One sync: when, what became of it, its numbers."""

    pk = AutoField()
    peer_id = TextField()
    kind = TextField()  # sync, check, repair
    started_at = Moment()
    ended_at = Moment(null=True)  # NULL: it runs now, or was killed
    result = TextField(default="")  # ok, or a word of ``wire.shapes.Kind``
    counts = OwnJson(default=_object)  # the numbers of ``sync --json``

    class Meta:
        table_name = "sync_runs"


class IndexWaiting(Base):
    """Patients who were pulled and whose search entry is still to be made."""

    patient_id = TextField(primary_key=True)

    class Meta:
        table_name = "index_waiting"
        without_rowid = True


class Proof(Base):
    """What somebody must know to be let in: a PIN, the recovery code, a service's token.

    Only its hash is here, and how often it was tried in vain. ``owner`` is the user's id for a PIN,
    else ``recovery``, ``service:<id>`` or ``session:<id>`` (``clinic.pins``).
    """

    owner = TextField(primary_key=True)
    name = TextField(default="")  # a service's
    hash = TextField()
    user_id = TextField()  # who is let in; empty for the recovery code
    tries = IntegerField(default=0)  # wrong ones in a row
    tried_at = Moment(default=0)
    made_at = Moment()
    made_by = TextField(default="")

    class Meta:
        table_name = "proofs"
        without_rowid = True


LOCAL: tuple[type[Base], ...] = (
    StoreInfo, Deletion, Draft, OpenVisit, EventLog, Peer, PeerRow, Conflict, SyncRun, IndexWaiting,
    Proof,
)  # fmt: skip
