-- Say how the queues and the advisers stand.
--
-- KEYS   queue: call: ready_in: advisers adviser:
-- ARGV   queues...
-- GIVES  {"centre", now_ms, {{queue, waiting_count, enqueued_ms, ready_count}...},
--         {{adviser, state, reason, call, token, since_ms, desk, set_back}...}}
--
-- enqueued_ms is that of the queue's head, "" for an empty one. As many steps as there are queues
-- and advisers; waiting calls are counted, never walked.
local any_queue, any_call, any_ready_in, advisers, any_adviser = unpack(KEYS)

local queues = {}
for _, queue in ipairs(ARGV) do
  local head = redis.call('ZRANGE', any_queue .. queue, 0, 0)[1]
  local time_ms = head and redis.call('HGET', any_call .. head, 'enqueued_ms')
  local ready_count = 0
  for _, place in ipairs({queue, queue .. ':2', queue .. ':3'}) do
    ready_count = ready_count + redis.call('ZCARD', any_ready_in .. place)
  end
  queues[#queues + 1] =
    {queue, redis.call('ZCARD', any_queue .. queue), time_ms or '', ready_count}
end

local people = {}
for _, adviser in ipairs(redis.call('SMEMBERS', advisers)) do
  local known = redis.call(
    'HMGET', any_adviser .. adviser, 'state', 'reason', 'call', 'token', 'since_ms', 'desk',
    'set_back')
  if known[1] then
    people[#people + 1] = {adviser, unpack(known)}
  else
    redis.call('SREM', advisers, adviser)
  end
end

local now = redis.call('TIME')
return {'centre', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)), queues, people}
