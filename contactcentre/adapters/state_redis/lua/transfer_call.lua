-- Put a call into the queue that its adviser hands it to, at its own time; the adviser wraps up.
--
-- KEYS   call adviser queue: queues reservations wake
-- ARGV   call adviser token queue head_start_ms
-- GIVES  {"handed"} | {"old"}
--
-- Only the talk of that very token is handed on, and once: said again it changes nothing. The store
-- may not have heard that it had begun.
local call_key, adviser_key, any_queue, queues, reservations, wake = unpack(KEYS)
local call, adviser, token, queue, head_start_ms = unpack(ARGV)

local given = 'old'
local time_ms, who, here = unpack(redis.call('HMGET', call_key, 'enqueued_ms', 'adviser', 'token'))
if who == adviser and here == token then
  given = 'handed'
  redis.call('ZREM', reservations, call)
  redis.call('HDEL', call_key, 'adviser', 'desk')
  redis.call('HSET', call_key, 'state', 'waiting', 'wish', '', 'queue', queue,
    'head_start_ms', head_start_ms, 'doubts', '0')
  redis.call('ZADD', any_queue .. queue, string.format('%.0f', time_ms - head_start_ms), call)
  redis.call('SADD', queues, queue)
  redis.call('PUBLISH', wake, queue)
end

local presence, with, held = unpack(redis.call('HMGET', adviser_key, 'state', 'call', 'token'))
local bound = presence == 'reserved' or presence == 'ringing' or presence == 'talking'
if bound and with == call and held == token then
  given = 'handed'
  local now = redis.call('TIME')
  redis.call('HSET', adviser_key, 'state', 'wrap_up', 'doubts', '0', 'sent', '1',
    'since_ms', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
end
return {given}
