-- Reserve a queue's head for the adviser of the lowest level who is next among its ready ones.
--
-- KEYS   request queue: call: adviser: ready_in: ready reservations token opened
-- ARGV   queue heads_max request_kept_s
-- GIVES  {"reserved", call, adviser, token, queue, enqueued_ms, node, desk} | {"none"}
--         | {"changed"}
--
-- The call leaves its queue and becomes reserved in one step, so no crash can find it in neither
-- and no second adviser can be shown it. A request that was granted before gives the same
-- reservation while it stands, and nothing after that. A level is looked at when the ones above it
-- have nobody ready; its first adviser says from which waiting time on it is asked.
local request, any_queue, any_call, any_adviser, any_ready_in, ready, reservations, last,
  opened = unpack(KEYS)
local queue, heads_max, request_kept_s = unpack(ARGV)

-- what is gone from here, or has come back older, is not matched before nodes have reported it
local store = redis.call('INFO', 'server'):match('run_id:(%x+)') .. ':'
  .. redis.call('INFO', 'replication'):match('master_replid:(%x+)')
if redis.call('GET', opened) ~= store then return {'changed'} end

local granted = redis.call('GET', request)
if granted then
  local token, call = granted:match('^(%d+) (%S+)')
  local state, here, who, its_queue, time_ms, node, desk = unpack(redis.call('HMGET',
    any_call .. call, 'state', 'token', 'adviser', 'queue', 'enqueued_ms', 'node', 'desk'))
  if state ~= 'reserved' or here ~= token then return {'none'} end
  return {'reserved', call, who, token, its_queue, time_ms, node, desk}
end

local now = redis.call('TIME')
local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))

local function first_ready()
  for _, place in ipairs({queue, queue .. ':2', queue .. ':3'}) do
    local adviser = redis.call('ZRANGE', any_ready_in .. place, 0, 0)[1]
    if adviser then return adviser, place end
  end
end

for _ = 1, tonumber(heads_max) do
  local call = redis.call('ZRANGE', any_queue .. queue, 0, 0)[1]
  local adviser, place = first_ready()
  if not call or not adviser then return {'none'} end

  local state, time_ms, node, its_queue, wish = unpack(redis.call(
    'HMGET', any_call .. call, 'state', 'enqueued_ms', 'node', 'queue', 'wish'))
  local presence, desk, queues, after_ms = unpack(redis.call(
    'HMGET', any_adviser .. adviser, 'state', 'desk', 'queues', 'after:' .. place))
  if presence ~= 'ready' then
    redis.call('ZREM', any_ready_in .. place, adviser)
  elseif state ~= 'waiting' or (queue ~= its_queue and queue ~= '@' .. (wish or '')) then
    redis.call('ZREM', any_queue .. queue, call)
  elseif math.max(0, now_ms - time_ms) < tonumber(after_ms or '0') then
    return {'none'}
  else
    local before = tonumber(redis.call('GET', last) or '0')
    local token = string.format('%.0f', math.max(before + 1, now[1] * 1000000 + now[2]))
    redis.call('SET', last, token)
    redis.call('ZREM', any_queue .. queue, call)
    redis.call('ZREM', ready, adviser)
    for name in queues:gmatch('%S+') do redis.call('ZREM', any_ready_in .. name, adviser) end
    redis.call('HSET', any_call .. call,
      'state', 'reserved', 'adviser', adviser, 'desk', desk, 'token', token, 'doubts', '0',
      'wish', '')
    redis.call('HSET', any_adviser .. adviser, 'state', 'reserved', 'reason', '', 'call', call,
      'token', token, 'since_ms', now_ms, 'doubts', '0')
    redis.call('ZADD', reservations, token, call)
    redis.call('SET', request, token .. ' ' .. call, 'EX', request_kept_s)
    return {'reserved', call, adviser, token, its_queue, time_ms, node, desk}
  end
end
return {'none'}
