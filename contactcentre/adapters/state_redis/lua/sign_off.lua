-- Take an adviser who is still lost to offline, unless bound to a call.
--
-- KEYS   adviser lost_advisers
-- ARGV   adviser beat
-- GIVES  {"offline"} | {"stays"}
local adviser_key, lost_advisers = unpack(KEYS)
local adviser, beat = unpack(ARGV)

local state, last_beat = unpack(redis.call('HMGET', adviser_key, 'state', 'beat'))
local bound = state == 'reserved' or state == 'ringing' or state == 'talking'
if not redis.call('ZSCORE', lost_advisers, adviser) or last_beat ~= beat or bound then
  return {'stays'}
end
local now = redis.call('TIME')
redis.call('HSET', adviser_key, 'state', 'offline', 'reason', '', 'call', '', 'doubts', '0',
  'since_ms', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
redis.call('ZREM', lost_advisers, adviser)
return {'offline'}
