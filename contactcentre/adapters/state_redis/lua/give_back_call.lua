-- Put a reserved or ringing call back into its place, and let its adviser go.
--
-- KEYS   call adviser queue: queues ready_in: ready reservations
--        lost_advisers wake
-- ARGV   call adviser token why
-- GIVES  {"back"} | {"old"}
--
-- Who declined, did not answer or could not be reached is away until a person presses Ready. If
-- the caller left, no node took the offer up, or the call's node was lost, the adviser is ready
-- again and the call is hidden with its rank until a node says that it waits. What was taken up
-- is not "not taken up".
local call_key, adviser_key, any_queue, queues, any_ready_in, ready, reservations,
  lost_advisers, wake = unpack(KEYS)
local call, adviser, token, why = unpack(ARGV)

local unheard = why == 'not_taken_up'
local nobodys_fault = unheard or why == 'caller_left' or why == 'node_lost'
local given = 'old'

local state, queue, head_start_ms, time_ms, who, here = unpack(redis.call('HMGET', call_key,
  'state', 'queue', 'head_start_ms', 'enqueued_ms', 'adviser', 'token'))
local rung = state == 'reserved' or (state == 'ringing' and not unheard)
if rung and who == adviser and here == token then
  given = 'back'
  redis.call('ZREM', reservations, call)
  redis.call('HDEL', call_key, 'adviser', 'desk')
  if nobodys_fault then
    redis.call('HSET', call_key, 'state', 'hidden')
  else
    redis.call('HSET', call_key, 'state', 'waiting')
    redis.call('ZADD', any_queue .. queue, string.format('%.0f', time_ms - head_start_ms), call)
    redis.call('SADD', queues, queue)
    redis.call('PUBLISH', wake, queue)
  end
end

local presence, with, held, serves, set_back = unpack(redis.call(
  'HMGET', adviser_key, 'state', 'call', 'token', 'queues', 'set_back'))
rung = presence == 'reserved' or (presence == 'ringing' and not unheard)
if rung and with == call and held == token then
  given = 'back'
  local now = redis.call('TIME')
  local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
  redis.call('HSET', adviser_key, 'call', '', 'since_ms', now_ms, 'doubts', '0')
  if nobodys_fault then
    redis.call('HSET', adviser_key, 'state', 'ready', 'reason', '')
    if redis.call('ZSCORE', lost_advisers, adviser) then return {given} end
    local rank = string.format('%.0f', now_ms + (set_back or 0))
    redis.call('ZADD', ready, rank, adviser)
    for name in serves:gmatch('%S+') do
      redis.call('ZADD', any_ready_in .. name, rank, adviser)
    end
    redis.call('PUBLISH', wake, adviser)
  else
    redis.call('HSET', adviser_key, 'state', 'away', 'reason', why, 'sent', '1')
  end
end
return {given}
