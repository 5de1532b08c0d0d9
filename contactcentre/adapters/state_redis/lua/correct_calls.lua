-- Put right what is missing or older here of calls that a node holds.
--
-- KEYS   call: queue: queues adviser: ready_in: ready reservations holds: lost wake
-- ARGV   node doubts_max kept_s calls...
-- GIVES  {"corrected", {superseded...}, {closed...}, {{call, adviser, token}...}}
--
-- Calls as in report_calls. The node is right, but for calls of newer legs and, doubts_max times in
-- a row, where it had not heard of a reservation. Last come the rings that a newer leg has ended.
local any_call, any_queue, queues, any_adviser, any_ready_in, ready, reservations, any_holds, lost,
  wake = unpack(KEYS)
local node, doubts_max, kept_s = ARGV[1], tonumber(ARGV[2]), ARGV[3]

local function is_believed(newer, state, said, here, there)
  if newer then return state ~= 'reserved' or there >= here end
  if said == 'in_menu' then return not state end -- it left before the call joined its queue
  if state == 'waiting' then return said ~= 'ringing' or there > here end
  if state == 'hidden' then return said ~= 'ringing' or there >= here end
  return there > here or (there == here and (state ~= 'talking' or said ~= 'ringing'))
end

local function bind(adviser, call, said, token)
  local key = any_adviser .. adviser
  local state, held, serves = unpack(redis.call('HMGET', key, 'state', 'token', 'queues'))
  local rung = state == 'reserved' or (state == 'ringing' and said == 'talking')
  if not state or tonumber(held) > tonumber(token) or (held == token and not rung) then return end
  redis.call('ZREM', ready, adviser)
  for name in serves:gmatch('%S+') do redis.call('ZREM', any_ready_in .. name, adviser) end
  local now = redis.call('TIME')
  redis.call('HSET', key, 'state', said, 'reason', '', 'call', call, 'token', token, 'doubts', '0',
    'since_ms', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
end

local superseded, closed, rings = {}, {}, {}
for i = 4, #ARGV, 9 do
  local call, queue, head_start_ms, time_ms, count, nonce, said, adviser, token =
    unpack(ARGV, i, i + 8)
  local key = any_call .. call
  local state, old_queue, old_count, old_nonce, who, held, old_node, presumed = unpack(redis.call(
    'HMGET', key, 'state', 'queue', 'count', 'nonce', 'adviser', 'token', 'node', 'presumed'))
  local has, had = tonumber(count), tonumber(old_count or '-1')
  local here, there = tonumber(held or '0'), tonumber(token)
  local newer = state and (has > had or nonce > old_nonce or presumed)
  if has < had or (has == had and nonce < old_nonce) then
    superseded[#superseded + 1] = call
  elseif state == 'closed' and not presumed and has <= had then
    closed[#closed + 1] = call
  else
    redis.call('HSET', key, 'count', count, 'nonce', nonce, 'node', node)
    redis.call('HDEL', key, 'presumed', 'ending')
    redis.call('EXPIRE', key, kept_s)
    if old_node then redis.call('SREM', any_holds .. old_node, call) end
    redis.call('SADD', any_holds .. node, call)
    redis.call('ZREM', lost, call)
    local doubts = redis.call('HINCRBY', key, 'doubts', 1)
    if is_believed(newer, state, said, here, there) or doubts >= doubts_max then
      local rung = state == 'reserved' or state == 'ringing'
      if newer and rung and (who ~= adviser or held ~= token) then
        rings[#rings + 1] = {call, who, held}
      end
      if old_queue then redis.call('ZREM', any_queue .. old_queue, call) end
      redis.call('ZREM', reservations, call)
      redis.call('HDEL', key, 'adviser', 'desk', 'wish')
      redis.call('HSET', key, 'state', said, 'token', there > here and token or held or '0',
        'doubts', '0')
      if queue ~= '' then
        redis.call('HSET', key, 'queue', queue, 'head_start_ms', head_start_ms,
          'enqueued_ms', time_ms)
      end
      if adviser ~= '' then
        redis.call('HSET', key, 'adviser', adviser, 'token', token)
        bind(adviser, call, said, token)
      elseif said == 'waiting' then
        redis.call('ZADD', any_queue .. queue, string.format('%.0f', time_ms - head_start_ms), call)
        redis.call('SADD', queues, queue)
        redis.call('PUBLISH', wake, queue)
      end
    end
  end
end
return {'corrected', superseded, closed, rings}
