-- Put a call whose talk broke back into its place; its adviser is away.
--
-- KEYS   call adviser queue: queues reservations wishes wake
-- ARGV   call adviser token reason wish_start_ms
-- GIVES  {"back"} | {"old"}
--
-- With a wish_start_ms it waits for that adviser alone, until the wish lapses into the queue: in a
-- queue of the adviser's own, where it counts as having come so much earlier.
local call_key, adviser_key, any_queue, queues, reservations, wishes, wake = unpack(KEYS)
local call, adviser, token, reason, wish_start_ms = unpack(ARGV)

local given = 'old'
local queue, head_start_ms, time_ms, who, here = unpack(redis.call('HMGET', call_key,
  'queue', 'head_start_ms', 'enqueued_ms', 'adviser', 'token'))
if who == adviser and here == token then
  given = 'back'
  local wish = ''
  if wish_start_ms ~= '' then
    wish, queue = adviser, '@' .. adviser
    head_start_ms = math.max(head_start_ms, wish_start_ms)
    redis.call('ZADD', wishes, token, call .. ' ' .. adviser)
  end
  redis.call('ZREM', reservations, call)
  redis.call('HDEL', call_key, 'adviser', 'desk')
  redis.call('HSET', call_key, 'state', 'waiting', 'wish', wish)
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
