-- Say that a reserved call's node has the offer: its adviser's desk will ring.
--
-- KEYS   call adviser reservations
-- ARGV   call adviser token
-- GIVES  {"taken"} | {"stale"}
local call_key, adviser_key, reservations = unpack(KEYS)
local call, adviser, token = unpack(ARGV)

local state, who, here = unpack(redis.call('HMGET', call_key, 'state', 'adviser', 'token'))
if who ~= adviser or here ~= token then return {'stale'} end
if state ~= 'reserved' then return {'taken'} end

redis.call('HSET', call_key, 'state', 'ringing', 'doubts', '0')
redis.call('ZREM', reservations, call)
local presence, with, held = unpack(redis.call('HMGET', adviser_key, 'state', 'call', 'token'))
if presence == 'reserved' and with == call and held == token then
  local now = redis.call('TIME')
  local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
  redis.call('HSET', adviser_key, 'state', 'ringing', 'since_ms', now_ms, 'doubts', '0')
end
return {'taken'}
