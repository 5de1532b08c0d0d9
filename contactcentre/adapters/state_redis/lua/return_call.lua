-- Put a call whose talk broke back into its place; its adviser is away.
--
-- KEYS   call adviser queue: queues reservations wake
-- ARGV   call adviser token reason
-- GIVES  {"back"} | {"old"}
local call_key, adviser_key, any_queue, queues, reservations, wake = unpack(KEYS)
local call, adviser, token, reason = unpack(ARGV)

local given = 'old'
local queue, head_start_ms, time_ms, who, here = unpack(redis.call('HMGET', call_key,
  'queue', 'head_start_ms', 'enqueued_ms', 'adviser', 'token'))
if who == adviser and here == token then
  given = 'back'
  redis.call('ZREM', reservations, call)
  redis.call('HDEL', call_key, 'adviser', 'desk')
  redis.call('HSET', call_key, 'state', 'waiting')
  redis.call('ZADD', any_queue .. queue, string.format('%.0f', time_ms - head_start_ms), call)
  redis.call('SADD', queues, queue)
  redis.call('PUBLISH', wake, queue)
end

local presence, with, held = unpack(redis.call('HMGET', adviser_key, 'state', 'call', 'token'))
local bound = presence == 'reserved' or presence == 'ringing' or presence == 'talking'
if bound and with == call and held == token then
  given = 'back'
  local now = redis.call('TIME')
  local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
  redis.call('HSET', adviser_key, 'state', 'away', 'reason', reason, 'call', '',
    'since_ms', now_ms, 'doubts', '0', 'sent', '1')
end
return {given}
