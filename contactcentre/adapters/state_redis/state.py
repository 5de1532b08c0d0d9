"""The live state as one object that serves every port of contactcentre.ports.state."""

from contactcentre.adapters.state_redis.addresses import RedisAddressBook
from contactcentre.adapters.state_redis.matching import RedisMatching
from contactcentre.adapters.state_redis.presences import RedisPresences
from contactcentre.adapters.state_redis.queues import RedisQueues
from contactcentre.adapters.state_redis.reports import RedisReports
from contactcentre.adapters.state_redis.rescue import RedisRescue


class RedisState(
    RedisReports, RedisRescue, RedisQueues, RedisMatching, RedisPresences, RedisAddressBook
):
    """CallQueues, Rescue, Matching, Presences and AddressBook over one pool of connections."""
