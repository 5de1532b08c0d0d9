"""Who may do what in Redis: the platform's own processes, replicas and Sentinels.

The platform's user has our keys, our channel and the commands that our scripts and adapter use; it
can neither empty the store nor list it, change how it runs, nor see anybody else's keys. The same
lines stand in deploy/redis/users.acl, which a test compares.
"""

NAMESPACE = "cc"
"""How the platform's keys begin."""
CENTRE = "centre"
"""The user of the platform's processes."""
REPLICA = "replica"
SENTINEL = "sentinel"
COMMANDS = (
    "client|info",
    "del",
    "evalsha",
    "exists",
    "expire",
    "get",
    "hdel",
    "hget",
    "hincrby",
    "hmget",
    "hset",
    "hsetnx",
    "info",
    "llen",
    "lpush",
    "lrange",
    "ltrim",
    "ping",
    "publish",
    "role",
    "sadd",
    "script|load",
    "set",
    "smembers",
    "spop",
    "srem",
    "subscribe",
    "time",
    "unsubscribe",
    "xack",
    "xadd",
    "xautoclaim",
    "xdel",
    "xgroup|create",
    "xlen",
    "xrange",
    "xreadgroup",
    "zadd",
    "zcard",
    "zcount",
    "zrange",
    "zrank",
    "zrem",
    "zscore",
)
"""What the platform's user may ask. INFO: by it the routers see that another store answers now."""
REPLICA_COMMANDS = ("ping", "psync", "replconf")
SENTINEL_COMMANDS = (
    "client|kill",
    "client|setname",
    "config|rewrite",
    "exec",
    "info",
    "multi",
    "ping",
    "publish",
    "role",
    "script|kill",
    "slaveof",
    "subscribe",
)
ASKED_SENTINEL = ("sentinel|master",)
"""What the platform's user may ask a Sentinel."""


def user_line(user: str, password: str) -> str:
    """Return the line of an access list that lets a user in, with what it may do."""
    return f"user {user} on >{password} resetkeys resetchannels {_RIGHTS[user]}"


def asker_line(password: str) -> str:
    """Return the line of a Sentinel's own access list that lets the platform's user in."""
    rights = _allowed(ASKED_SENTINEL)
    return f"user {CENTRE} on >{password} resetkeys resetchannels {rights}"


def _allowed(commands: tuple[str, ...]) -> str:
    return " ".join(("-@all", *(f"+{command}" for command in commands)))


_RIGHTS = {
    CENTRE: f"~{NAMESPACE}:* &{NAMESPACE}:wake {_allowed(COMMANDS)}",
    REPLICA: _allowed(REPLICA_COMMANDS),
    SENTINEL: f"allchannels {_allowed(SENTINEL_COMMANDS)}",
}
