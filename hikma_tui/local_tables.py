"""The tables that never leave this store: settings, deletions, drafts, the audit trail, peers."""

from __future__ import annotations

from typing import Any

from peewee import AutoField, CompositeKey, IntegerField, TextField

from hikma_tui.columns import Flag, Json, Moment
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
    counts = Json(default=_object)  # rows taken, by table
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
    content = Json(default=_object)
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
    metadata = Json(null=True)
    created_at = Moment()
    updated_at = Moment()

    class Meta:
        table_name = "peers"


class PeerRow(Base):
    """What one peer and this store last agreed on for one row.

    ``base`` stays NULL while the row stands here as it was agreed; the first local edit after that
    copies the agreed row into it, so a later merge can tell who changed what (decisions.md 23).
    A row must be sent to a peer when it has no line here or ``change_seq`` is above ``agreed_seq``.
    """

    peer_id = TextField()
    table_name = TextField()
    row_id = TextField()
    agreed_seq = IntegerField()
    base = Json(null=True)

    class Meta:
        table_name = "peer_rows"
        primary_key = CompositeKey("peer_id", "table_name", "row_id")
        without_rowid = True


LOCAL: tuple[type[Base], ...] = (
    StoreInfo, Deletion, Draft, OpenVisit, EventLog, Peer, PeerRow,
)  # fmt: skip
