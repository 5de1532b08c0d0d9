-- Reserve for ready advisers, in their order, the best-scored waiting head that each is asked for.
--
-- KEYS   request adviser: call: queue: ready_in: ready reservations token opened
-- ARGV   heads_max request_kept_s advisers...
-- GIVES  {"reserved", {call, adviser, token, queue, enqueued_ms, node, desk}...} | {"changed"}
--
-- Each call leaves its queue and becomes reserved in one step: no crash finds it in neither. What a
-- request was granted it is given again while it stands, and nothing else. Below level 1 an adviser
-- is asked for a head that has waited for long enough, while nobody above is ready.
local request, any_adviser, any_call, any_queue, any_ready_in, ready, reservations, last,
  opened = unpack(KEYS)
local heads_max, request_kept_s = unpack(ARGV)
-- what is gone from here, or has come back older, is not matched before nodes have reported it
local store = redis.call('INFO', 'server'):match('run_id:(%x+)') .. ':'
  .. redis.call('INFO', 'replication'):match('master_replid:(%x+)')
if redis.call('GET', opened) ~= store then return {'changed'} end
local found = {'reserved'}
local granted, given = redis.call('GET', request), ''
for token, call in (granted or ''):gmatch('(%d+) (%S+)') do
  local state, here, who, queue, time_ms, node, desk = unpack(redis.call('HMGET', any_call .. call,
    'state', 'token', 'adviser', 'queue', 'enqueued_ms', 'node', 'desk'))
  if state == 'reserved' and here == token then
    found[#found + 1] = {call, who, token, queue, time_ms, node, desk}
  end
end
if granted then return found end
local now = redis.call('TIME')
local now_us = now[1] * 1000000 + now[2]
local now_ms = string.format('%.0f', math.floor(now_us / 1000))

local function is_asked(key, place, name, level, call)
  if level == '' then return true end
  local first, above = any_ready_in .. name, level == ':3' and ':2' or ''
  if redis.call('EXISTS', first, first .. above) > 0 then return false end
  local waited_ms = now_ms - (redis.call('HGET', any_call .. call, 'enqueued_ms') or 0)
  return math.max(0, waited_ms) >= (redis.call('HGET', key, 'after:' .. place) or 0) + 0
end

local function take_best(key, queues)
  for _ = 1, tonumber(heads_max) do
    local call, queue, score
    for place in queues:gmatch('%S+') do
      local level, name = place:match(':[23]$') or '', place:gsub(':[23]$', '')
      local head = redis.call('ZRANGE', any_queue .. name, 0, 0, 'WITHSCORES')
      local its = tonumber(head[2])
      local better = its and (not call or its < score or (its == score and head[1] < call))
      if better and is_asked(key, place, name, level, head[1]) then
        call, queue, score = head[1], name, its
      end
    end
    if not call then return end
    redis.call('ZREM', any_queue .. queue, call)
    local state, time_ms, node, its_queue, wish = unpack(redis.call(
      'HMGET', any_call .. call, 'state', 'enqueued_ms', 'node', 'queue', 'wish'))
    local waits = state == 'waiting' and (queue == its_queue or queue == '@' .. (wish or ''))
    if waits then return call, its_queue, time_ms, node end
  end
end

for i = 3, #ARGV do
  local adviser, key = ARGV[i], any_adviser .. ARGV[i]
  local presence, desk, queues = unpack(redis.call('HMGET', key, 'state', 'desk', 'queues'))
  local is_ready = presence == 'ready' and redis.call('ZSCORE', ready, adviser)  -- no lost desk
  local call, queue, time_ms, node = take_best(key, is_ready and queues or '')
  if call then
    local token = string.format('%.0f', math.max(now_us, (redis.call('GET', last) or 0) + 1))
    redis.call('SET', last, token)
    redis.call('ZREM', ready, adviser)
    for name in queues:gmatch('%S+') do redis.call('ZREM', any_ready_in .. name, adviser) end
    redis.call('HSET', any_call .. call, 'state', 'reserved', 'adviser', adviser, 'desk', desk,
      'token', token, 'doubts', '0', 'wish', '')
    redis.call('HSET', key, 'state', 'reserved', 'reason', '', 'call', call, 'token', token,
      'since_ms', now_ms, 'doubts', '0')
    redis.call('ZADD', reservations, token, call)
    found[#found + 1] = {call, adviser, token, queue, time_ms, node, desk}
    given = given .. token .. ' ' .. call .. ' '
  end
end
if given ~= '' then redis.call('SET', request, given, 'EX', request_kept_s) end
return found
