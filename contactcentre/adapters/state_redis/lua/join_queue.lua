-- Put a call into its queue at its own time, which is given now if it had none.
--
-- KEYS   call queue: queues served enqueued holds: lost wake
-- ARGV   call queue head_start_ms enqueued_ms count nonce node kept_s
-- GIVES  {"joined", enqueued_ms} | {"stale"} | {"closed"}
--
-- An enqueued_ms of "" asks for a time. The first time a call was given is kept for ever.
-- A newer leg takes over what the older one had, but for a reservation: that one stands until its
-- token is taken up or given back, so that the adviser in it is let go as well.
local call_key, any_queue, queues, served, enqueued, any_holds, lost, wake = unpack(KEYS)
local call, queue, head_start_ms, given_ms, count, nonce, node, kept_s = unpack(ARGV)

local state, old_queue, time_ms, old_count, old_nonce, old_node, presumed = unpack(redis.call(
  'HMGET', call_key, 'state', 'queue', 'enqueued_ms', 'count', 'nonce', 'node', 'presumed'))
if state == 'closed' and not presumed then return {'closed'} end

local newer = true
if state then
  local has, had = tonumber(count), tonumber(old_count)
  if has < had or (has == had and nonce < old_nonce) then return {'stale'} end
  newer = has > had or nonce > old_nonce
end
if old_node and old_node ~= node then redis.call('SREM', any_holds .. old_node, call) end
redis.call('SADD', any_holds .. node, call)
redis.call('EXPIRE', any_holds .. node, kept_s)
redis.call('ZREM', lost, call)
local held = state == 'reserved' or state == 'ringing' or state == 'talking'
if held and not newer then return {'joined', time_ms} end

local last_ms = tonumber(redis.call('GET', enqueued) or '0')
time_ms = time_ms or given_ms
if time_ms == '' then
  local now = redis.call('TIME')
  local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
  time_ms = string.format('%.0f', math.max(last_ms + 1, now_ms))
end
if tonumber(time_ms) > last_ms then redis.call('SET', enqueued, time_ms) end

redis.call('HSET', call_key, 'queue', queue, 'head_start_ms', head_start_ms,
  'enqueued_ms', time_ms, 'count', count, 'nonce', nonce, 'node', node)
redis.call('HSETNX', call_key, 'token', '0')
redis.call('EXPIRE', call_key, kept_s)
if state == 'reserved' then return {'joined', time_ms} end

if old_queue and old_queue ~= queue then redis.call('ZREM', any_queue .. old_queue, call) end
-- how often calls are taken is counted from when the queue was last empty: no idle time in it
if not old_queue and redis.call('ZCARD', any_queue .. queue) == 0 then
  redis.call('DEL', served)
end
redis.call('HSET', call_key, 'state', 'waiting')
redis.call('HDEL', call_key, 'adviser', 'desk', 'presumed', 'ending', 'wish')
redis.call('ZADD', any_queue .. queue, string.format('%.0f', time_ms - head_start_ms), call)
redis.call('SADD', queues, queue)
redis.call('PUBLISH', wake, queue)
return {'joined', time_ms}
