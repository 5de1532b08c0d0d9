-- Close a call for good; an adviser who talked goes to wrap-up, one who was rung is ready.
--
-- KEYS   call adviser: queue: ready_in: ready reservations holds: lost lost_advisers wake
-- ARGV   call count nonce ending presumed closed_kept_s
-- GIVES  {"closed"} | {"stale"}
--
-- What is left of the call says that it is closed and how, so that a late message cannot revive it.
-- A presumed of "1" closes a call that is still lost with that very leg. Its rank is kept as well:
-- a living leg opens it again, and a real end may say another ending.
local call_key, any_adviser, any_queue, any_ready_in, ready, reservations, any_holds, lost,
  lost_advisers, wake = unpack(KEYS)
local call, count, nonce, ending, presumed, closed_kept_s = unpack(ARGV)

local state, queue, old_count, old_nonce, adviser, token, node, only_presumed = unpack(redis.call(
  'HMGET', call_key, 'state', 'queue', 'count', 'nonce', 'adviser', 'token', 'node', 'presumed'))
if presumed == '1' then
  local is_lost = redis.call('ZSCORE', lost, call) and state and state ~= 'closed'
  if not is_lost or old_count ~= count or old_nonce ~= nonce then return {'stale'} end
end
if state == 'closed' and not only_presumed then return {'closed'} end
if state then
  local has, had = tonumber(count), tonumber(old_count)
  if has < had or (has == had and nonce < old_nonce) then return {'stale'} end
  if queue then redis.call('ZREM', any_queue .. queue, call) end
  if node then redis.call('SREM', any_holds .. node, call) end
  redis.call('ZREM', reservations, call)
  redis.call('ZREM', lost, call)
end
if presumed == '1' then
  redis.call('HDEL', call_key, 'adviser', 'desk', 'node')
  redis.call('HSET', call_key, 'presumed', '1')
else
  redis.call('DEL', call_key)
end
redis.call('HSET', call_key,
  'state', 'closed', 'count', count, 'nonce', nonce, 'ending', ending)
redis.call('EXPIRE', call_key, closed_kept_s)

if not adviser then return {'closed'} end
local adviser_key = any_adviser .. adviser
local presence, with, held, serves, set_back = unpack(redis.call(
  'HMGET', adviser_key, 'state', 'call', 'token', 'queues', 'set_back'))
if with ~= call or held ~= token then return {'closed'} end

local now = redis.call('TIME')
local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
if presence == 'talking' then
  redis.call('HSET', adviser_key, 'state', 'wrap_up', 'since_ms', now_ms, 'doubts', '0',
    'sent', '1')
elseif presence == 'reserved' or presence == 'ringing' then
  redis.call('HSET', adviser_key, 'state', 'ready', 'reason', '', 'call', '',
    'since_ms', now_ms, 'doubts', '0')
  if redis.call('ZSCORE', lost_advisers, adviser) then return {'closed'} end
  local rank = string.format('%.0f', now_ms + (set_back or 0))
  redis.call('ZADD', ready, rank, adviser)
  for name in serves:gmatch('%S+') do redis.call('ZADD', any_ready_in .. name, rank, adviser) end
  redis.call('PUBLISH', wake, adviser)
end
return {'closed'}
