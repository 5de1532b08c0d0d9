-- Say how the queues stand, and some of the advisers.
--
-- KEYS   queue: call: ready_in: advisers adviser:
-- ARGV   advisers_max queues...
-- GIVES  {"centre", now_ms, {{queue, waiting_count, enqueued_ms, ready_count}...},
--         {{adviser, state, reason, call, token, since_ms, desk, set_back}...}, {adviser...}}
--
-- The last are the advisers beyond advisers_max, for look_advisers: a step for thousands of them
-- would hold everybody up. enqueued_ms is that of the queue's head, "" for an empty one. Waiting
-- calls are counted, never walked.
local any_queue, any_call, any_ready_in, advisers, any_adviser = unpack(KEYS)
local advisers_max = tonumber(ARGV[1])

local queues = {}
for _, queue in ipairs({unpack(ARGV, 2)}) do
  local head = redis.call('ZRANGE', any_queue .. queue, 0, 0)[1]
  local time_ms = head and redis.call('HGET', any_call .. head, 'enqueued_ms')
  local ready_count = 0
  for _, place in ipairs({queue, queue .. ':2', queue .. ':3'}) do
    ready_count = ready_count + redis.call('ZCARD', any_ready_in .. place)
  end
  queues[#queues + 1] =
    {queue, redis.call('ZCARD', any_queue .. queue), time_ms or '', ready_count}
end

local people, others = {}, {}
for i, adviser in ipairs(redis.call('SMEMBERS', advisers)) do
  local known = i <= advisers_max and redis.call(
    'HMGET', any_adviser .. adviser, 'state', 'reason', 'call', 'token', 'since_ms', 'desk',
    'set_back')
  if not known then
    others[#others + 1] = adviser
  elseif known[1] then
    people[#people + 1] = {adviser, unpack(known)}
  else
    redis.call('SREM', advisers, adviser)
  end
end

local now = redis.call('TIME')
local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
return {'centre', now_ms, queues, people, others}
