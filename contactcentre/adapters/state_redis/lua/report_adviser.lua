-- Take a desk's word for an adviser, unless the queue knows better for the moment.
--
-- KEYS   adviser advisers seats: lost_advisers ready_in: ready token wake
-- ARGV   adviser desk beat state reason call token queues after_ms set_back doubts_max
--        kept_s
-- GIVES  {"standing", state, reason, call, token, since_ms}
--
-- The queue knows better while a reservation is under way that the desk has not heard of: of a
-- newer token, or taken further than the desk says. That is believed for doubts_max reports in a
-- row and no longer, so that nobody is stuck. And whoever was sent away by a ring, or into wrap-up
-- by the end of a talk, is made ready by no report that is older than that: the press of a person
-- carries its token. Whoever was lost with another desk is found again by this one's word.
local adviser_key, advisers, any_seats, lost_advisers, any_ready_in, ready, last, wake =
  unpack(KEYS)
local adviser, desk, beat, said, reason, call, token, queues, after_ms, set_back, doubts_max,
  kept_s = unpack(ARGV)

local there = tonumber(token)
if there > tonumber(redis.call('GET', last) or '0') then redis.call('SET', last, token) end
redis.call('SADD', advisers, adviser)

local state, old_reason, old_call, held, since_ms, serves, doubts, sent, old_desk = unpack(
  redis.call('HMGET', adviser_key, 'state', 'reason', 'call', 'token', 'since_ms', 'queues',
    'doubts', 'sent', 'desk'))
local here = tonumber(held or '0')
redis.call('HSET', adviser_key, 'desk', desk, 'beat', beat)
redis.call('EXPIRE', adviser_key, kept_s)
local found = redis.call('ZREM', lost_advisers, adviser) == 1
if old_desk and old_desk ~= desk then redis.call('SREM', any_seats .. old_desk, adviser) end
redis.call('SADD', any_seats .. desk, adviser)
redis.call('EXPIRE', any_seats .. desk, kept_s)

local bound = state == 'reserved' or state == 'ringing' or state == 'talking'
local behind = (state == 'reserved' and said ~= 'ringing' and said ~= 'talking')
  or (state == 'ringing' and said == 'ready') or (state == 'talking' and said == 'ringing')
doubts = tonumber(doubts or '0') + 1
local unheard = bound and (there < here or (there == here and behind))
if (sent and said == 'ready' and there < here) or (unheard and doubts < tonumber(doubts_max)) then
  redis.call('HSET', adviser_key, 'doubts', doubts)
  return {'standing', state, old_reason, old_call, held, since_ms}
end

local changed = state ~= said or old_reason ~= reason
if changed then
  local now = redis.call('TIME')
  since_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
end
if there > here or not held then held = token end
redis.call('HSET', adviser_key, 'state', said, 'reason', reason, 'call', call, 'token', held,
  'since_ms', since_ms, 'queues', queues, 'set_back', set_back, 'doubts', '0')
redis.call('HDEL', adviser_key, 'sent')
for place, ms in after_ms:gmatch('(%S+)=(%d+)') do
  redis.call('HSET', adviser_key, 'after:' .. place, ms)
end
if said == 'offline' then redis.call('SREM', any_seats .. desk, adviser) end
if serves and (serves ~= queues or said ~= 'ready') then
  redis.call('ZREM', ready, adviser)
  for name in serves:gmatch('%S+') do redis.call('ZREM', any_ready_in .. name, adviser) end
end
if said == 'ready' then
  local rank = string.format('%.0f', since_ms + set_back)
  redis.call('ZADD', ready, rank, adviser)
  for name in queues:gmatch('%S+') do redis.call('ZADD', any_ready_in .. name, rank, adviser) end
  if changed or found or serves ~= queues then redis.call('PUBLISH', wake, adviser) end
end
return {'standing', said, reason, call, held, since_ms}
