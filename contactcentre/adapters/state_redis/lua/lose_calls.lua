-- Count some calls of a node as lost: they keep their ranks and are offered to nobody.
--
-- KEYS   node holds call: queue: adviser: ready_in: ready reservations lost lost_advisers wake
-- ARGV   node beat count_max
-- GIVES  {"lost", count}
--
-- Nothing happens if the node's beat is another by now; a beat of "" stands for any. A ring ends
-- and its adviser is ready again; a talk stays bound to its adviser: both may come back to it.
local node_key, holds, any_call, any_queue, any_adviser, any_ready_in, ready, reservations, lost,
  lost_advisers, wake = unpack(KEYS)
local node, beat, count_max = unpack(ARGV)
local now = redis.call('TIME')
local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))

local function let_go(adviser, call, token)
  local key = any_adviser .. adviser
  local state, with, held, serves, set_back = unpack(redis.call(
    'HMGET', key, 'state', 'call', 'token', 'queues', 'set_back'))
  local rung = state == 'reserved' or state == 'ringing'
  if not rung or with ~= call or held ~= token then return end
  redis.call('HSET', key, 'state', 'ready', 'reason', '', 'call', '', 'since_ms', now_ms,
    'doubts', '0')
  if redis.call('ZSCORE', lost_advisers, adviser) then return end
  local rank = string.format('%.0f', now_ms + (set_back or 0))
  redis.call('ZADD', ready, rank, adviser)
  for name in serves:gmatch('%S+') do redis.call('ZADD', any_ready_in .. name, rank, adviser) end
  redis.call('PUBLISH', wake, adviser)
end

if beat ~= '' and redis.call('HGET', node_key, 'beat') ~= beat then return {'lost', 0} end
local calls = redis.call('SPOP', holds, count_max)
for _, call in ipairs(calls) do
  local key = any_call .. call
  local its_node, state, queue, adviser, token = unpack(redis.call(
    'HMGET', key, 'node', 'state', 'queue', 'adviser', 'token'))
  if its_node == node then
    redis.call('ZADD', lost, now_ms, call)
    if state == 'waiting' then
      redis.call('ZREM', any_queue .. queue, call)
      redis.call('HSET', key, 'state', 'hidden')
    elseif state == 'reserved' or state == 'ringing' then
      redis.call('ZREM', reservations, call)
      redis.call('HDEL', key, 'adviser', 'desk')
      redis.call('HSET', key, 'state', 'hidden', 'doubts', '0')
      let_go(adviser, call, token)
    end
  end
end
return {'lost', #calls}
