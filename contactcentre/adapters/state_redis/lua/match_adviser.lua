-- Reserve for a ready adviser the best-scored waiting head for which the adviser is asked.
--
-- KEYS   adviser request call: queue: ready_in: ready reservations token opened
-- ARGV   adviser heads_max request_kept_s
-- GIVES  {"reserved", call, adviser, token, queue, enqueued_ms, node, desk} | {"none"}
--         | {"changed"}
--
-- The call leaves its queue and becomes reserved in one step, so no crash can find it in neither
-- and no second adviser can be shown it. A request that was granted before gives the same
-- reservation while it stands, and nothing after that. An adviser is asked for a queue's head who
-- serves it at level 1; at 2 or 3 once it has waited for long enough, and nobody above is ready.
local adviser_key, request, any_call, any_queue, any_ready_in, ready, reservations, last,
  opened = unpack(KEYS)
local adviser, heads_max, request_kept_s = unpack(ARGV)

-- what is gone from here, or has come back older, is not matched before nodes have reported it
local store = redis.call('INFO', 'server'):match('run_id:(%x+)') .. ':'
  .. redis.call('INFO', 'replication'):match('master_replid:(%x+)')
if redis.call('GET', opened) ~= store then return {'changed'} end

local granted = redis.call('GET', request)
if granted then
  local token, call = granted:match('^(%d+) (.+)$')
  local state, here, who, queue, time_ms, node, desk = unpack(redis.call('HMGET', any_call .. call,
    'state', 'token', 'adviser', 'queue', 'enqueued_ms', 'node', 'desk'))
  if state ~= 'reserved' or here ~= token then return {'none'} end
  return {'reserved', call, who, token, queue, time_ms, node, desk}
end

local presence, desk, queues = unpack(redis.call('HMGET', adviser_key, 'state', 'desk', 'queues'))
-- whose desk is lost is ready all the same, but not among the ready
if presence ~= 'ready' or not redis.call('ZSCORE', ready, adviser) then return {'none'} end

local now = redis.call('TIME')
local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))

local function is_asked(place, name, level, call)
  if level == '' then return true end
  local above = redis.call('EXISTS', any_ready_in .. name)
  if level == ':3' then above = above + redis.call('EXISTS', any_ready_in .. name .. ':2') end
  if above > 0 then return false end
  local time_ms = redis.call('HGET', any_call .. call, 'enqueued_ms')
  local after_ms = redis.call('HGET', adviser_key, 'after:' .. place)
  return math.max(0, now_ms - (time_ms or 0)) >= tonumber(after_ms or '0')
end

for _ = 1, tonumber(heads_max) do
  local call, queue, score
  for place in queues:gmatch('%S+') do
    local level = place:match(':[23]$') or ''
    local name = place:sub(1, #place - #level)
    local head = redis.call('ZRANGE', any_queue .. name, 0, 0, 'WITHSCORES')
    local its = tonumber(head[2])
    local better = its and (not call or its < score or (its == score and head[1] < call))
    if better and is_asked(place, name, level, head[1]) then
      call, queue, score = head[1], name, its
    end
  end
  if not call then return {'none'} end

  redis.call('ZREM', any_queue .. queue, call)
  local state, time_ms, node, its_queue, wish = unpack(redis.call(
    'HMGET', any_call .. call, 'state', 'enqueued_ms', 'node', 'queue', 'wish'))
  if state == 'waiting' and (queue == its_queue or queue == '@' .. (wish or '')) then
    local before = tonumber(redis.call('GET', last) or '0')
    local token = string.format('%.0f', math.max(before + 1, now[1] * 1000000 + now[2]))
    redis.call('SET', last, token)
    redis.call('ZREM', ready, adviser)
    for name in queues:gmatch('%S+') do redis.call('ZREM', any_ready_in .. name, adviser) end
    redis.call('HSET', any_call .. call,
      'state', 'reserved', 'adviser', adviser, 'desk', desk, 'token', token, 'doubts', '0',
      'wish', '')
    redis.call('HSET', adviser_key, 'state', 'reserved', 'reason', '', 'call', call,
      'token', token, 'since_ms', now_ms, 'doubts', '0')
    redis.call('ZADD', reservations, token, call)
    redis.call('SET', request, token .. ' ' .. call, 'EX', request_kept_s)
    return {'reserved', call, adviser, token, its_queue, time_ms, node, desk}
  end
end
return {'none'}
