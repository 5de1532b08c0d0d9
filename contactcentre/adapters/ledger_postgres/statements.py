"""The statements in sql/, by name."""

from importlib.resources import files

_FOLDER = files("contactcentre.adapters.ledger_postgres") / "sql"


def _read(name: str) -> str:
    """Return a statement."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


WRITE_CALLS = _read("write_calls")
WRITE_EVENTS = _read("write_events")
WRITE_AUDIT = _read("write_audit")
OPEN_MARKS = _read("open_marks")
ADVANCE_MARKS = _read("advance_marks")
OPEN_CALLS = _read("open_calls")
CLOSE_PROVISIONALLY = _read("close_provisionally")
SET_ASIDE = _read("set_aside")
WRITE_OUTCOME = _read("write_outcome")
READ_OUTCOME = _read("read_outcome")
COUNT_TODAY = _read("count_today")
COUNT_CONSERVED = _read("count_conserved")
LIST_IN_PROGRESS = _read("list_in_progress")
LOOK_LEDGER = _read("look_ledger")
PUT_ACCOUNT = _read("put_account")
FIND_ACCOUNT = _read("find_account")
LIST_ACCOUNTS = _read("list_accounts")
RENEW_HASH = _read("renew_hash")
CREATE_SESSION = _read("create_session")
FIND_SESSION = _read("find_session")
END_SESSION = _read("end_session")
END_SESSIONS = _read("end_sessions")
FORGET_SESSIONS = _read("forget_sessions")
LOCK_SWITCHES = _read("lock_switches")
TURN_SWITCH = _read("turn_switch")
READ_SWITCHES = _read("read_switches")
LIST_TURNS = _read("list_turns")
LOCK_SLOT = _read("lock_slot")
COUNT_SLOT = _read("count_slot")
COUNT_SLOTS = _read("count_slots")
BOOK_CALLBACK = _read("book_callback")
CANCEL_CALLBACK = _read("cancel_callback")
VOID_CALLBACKS = _read("void_callbacks")
CLAIM_CALLBACKS = _read("claim_callbacks")
GONE_CALLBACKS = _read("gone_callbacks")
LIST_KEEPERS = _read("list_keepers")
WRITE_ATTEMPT = _read("write_attempt")
COUNT_ATTEMPTS = _read("count_attempts")
CONCLUDE_CALLBACK = _read("conclude_callback")
RELEASE_CALLBACKS = _read("release_callbacks")
COUNT_CALLBACKS = _read("count_callbacks")
LOOK_CALLBACKS = _read("look_callbacks")
WRITE_RECORDINGS = _read("write_recordings")
LIST_RECORDINGS = _read("list_recordings")
DUE_RECORDINGS = _read("due_recordings")
DELETE_RECORDING = _read("delete_recording")
NOTE_EXPORT = _read("note_export")
