"""The live state as one object that serves every port of contactcentre.ports.state."""

from contactcentre.adapters.state_redis.addresses import RedisAddressBook
from contactcentre.adapters.state_redis.matching import RedisMatching
from contactcentre.adapters.state_redis.presences import RedisPresences
from contactcentre.adapters.state_redis.queues import RedisQueues


class RedisState(RedisQueues, RedisMatching, RedisPresences, RedisAddressBook):
    """CallQueues, Matching, Presences and AddressBook over one pool of connections."""
