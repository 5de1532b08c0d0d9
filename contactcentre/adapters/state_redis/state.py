"""The live state as one object that serves every port of contactcentre.ports.state."""

from contactcentre.adapters.state_redis.addresses import RedisAddressBook
from contactcentre.adapters.state_redis.dialogs import RedisDialogs
from contactcentre.adapters.state_redis.loads import RedisLoads
from contactcentre.adapters.state_redis.matching import RedisMatching
from contactcentre.adapters.state_redis.phones import RedisPhones
from contactcentre.adapters.state_redis.places import RedisPlaces
from contactcentre.adapters.state_redis.presences import RedisPresences
from contactcentre.adapters.state_redis.queues import RedisQueues
from contactcentre.adapters.state_redis.reports import RedisReports
from contactcentre.adapters.state_redis.rescue import RedisRescue
from contactcentre.adapters.state_redis.rings import RedisRings
from contactcentre.adapters.state_redis.switches import RedisSwitches
from contactcentre.adapters.state_redis.texts import RedisTexts


class RedisState(
    RedisReports,
    RedisRescue,
    RedisQueues,
    RedisMatching,
    RedisPresences,
    RedisPlaces,
    RedisPhones,
    RedisAddressBook,
    RedisSwitches,
    RedisLoads,
    RedisRings,
    RedisDialogs,
    RedisTexts,
):
    """Every port of the live state, over one pool of connections."""
