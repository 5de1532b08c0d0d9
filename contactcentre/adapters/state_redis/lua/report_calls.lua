-- Take a node's word for some of its calls; put right what is missing or older here.
--
-- KEYS   call: queue: queues adviser: ready_in: ready reservations token enqueued wake
-- ARGV   node token_max doubts_max kept_s calls...
-- GIVES  {"taken", {superseded...}, {closed...}}
--
-- Nine arguments a call: call queue head_start_ms enqueued_ms count nonce state adviser token,
-- where state is waiting, hidden, ringing or talking. The node is right about its calls, with two
-- exceptions: another leg has a newer epoch; or a reservation has a newer token (the report left
-- before the offer came). The second is believed for doubts_max reports in a row and no longer.
local any_call, any_queue, queues, any_adviser, any_ready_in, ready, reservations, last, enqueued,
  wake = unpack(KEYS)
local node, token_max, doubts_max, kept_s = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local now = redis.call('TIME')
local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))

local function observe(key, value)
  local seen = tonumber(redis.call('GET', key) or '0')
  if tonumber(value) > seen then redis.call('SET', key, value) end
end

local function is_believed(newer, state, said, here, there)
  if newer then return state ~= 'reserved' or there >= here end
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
  redis.call('HSET', key, 'state', said, 'reason', '', 'call', call, 'token', token,
    'since_ms', now_ms, 'doubts', '0')
end

observe(last, token_max)
local superseded, closed = {}, {}
for i = 5, #ARGV, 9 do
  local call, queue, head_start_ms, time_ms, count, nonce, said, adviser, token =
    unpack(ARGV, i, i + 8)
  local key = any_call .. call
  local state, old_queue, old_time_ms, old_count, old_nonce, who, held, doubts = unpack(redis.call(
    'HMGET', key, 'state', 'queue', 'enqueued_ms', 'count', 'nonce', 'adviser', 'token', 'doubts'))
  local has, had = tonumber(count), tonumber(old_count or '-1')
  local newer = has > had or (has == had and nonce > old_nonce)
  local here, there = tonumber(held or '0'), tonumber(token)
  if state == 'closed' then
    closed[#closed + 1] = call
  elseif not newer and (has < had or nonce < old_nonce) then
    superseded[#superseded + 1] = call
  else
    doubts = tonumber(doubts or '0') + 1
    if not is_believed(newer, state, said, here, there) and doubts < doubts_max then
      redis.call('HSET', key, 'doubts', doubts, 'count', count, 'nonce', nonce, 'node', node)
    elseif newer or doubts > 1 or state ~= said or old_queue ~= queue or old_time_ms ~= time_ms
      or (who or '') ~= adviser or (who and held ~= token) then
      if old_queue then redis.call('ZREM', any_queue .. old_queue, call) end
      redis.call('ZREM', reservations, call)
      redis.call('HDEL', key, 'adviser', 'desk')
      redis.call('HSET', key, 'state', said, 'queue', queue, 'head_start_ms', head_start_ms,
        'enqueued_ms', time_ms, 'count', count, 'nonce', nonce, 'node', node, 'doubts', '0',
        'token', (adviser ~= '' or there > here) and token or held or '0')
      observe(enqueued, time_ms)
      if adviser ~= '' then
        redis.call('HSET', key, 'adviser', adviser)
        bind(adviser, call, said, token)
      elseif said == 'waiting' then
        redis.call('ZADD', any_queue .. queue, string.format('%.0f', time_ms - head_start_ms), call)
        redis.call('SADD', queues, queue)
        redis.call('PUBLISH', wake, queue)
      end
    end
    redis.call('EXPIRE', key, kept_s)
  end
end
return {'taken', superseded, closed}
