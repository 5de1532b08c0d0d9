-- Say where a call stands in a queue, and how often that queue's calls have lately been taken.
--
-- KEYS   queue served call
-- ARGV   queue call served_min
-- GIVES  {"place", place, waiting_count, served_every_ms} | {"none"}
--
-- served_every_ms is "" while fewer than served_min answers are known since the queue was last
-- empty. The time since the latest answer counts as soon as it is longer than the mean, so that a
-- queue that nobody serves any more does not go on promising what it promised before. Whoever waits
-- for one adviser alone has the place that there will be when that lapses.
local queue, served, call_key = unpack(KEYS)
local name, call, served_min = unpack(ARGV)

local waiting = redis.call('ZCARD', queue)
local ahead = redis.call('ZRANK', queue, call)
if not ahead then
  local state, its_queue, wish, head_start_ms, time_ms = unpack(redis.call(
    'HMGET', call_key, 'state', 'queue', 'wish', 'head_start_ms', 'enqueued_ms'))
  if state ~= 'waiting' or its_queue ~= name or (wish or '') == '' then return {'none'} end
  local score = string.format('%.0f', time_ms - head_start_ms)
  ahead = redis.call('ZCOUNT', queue, '-inf', '(' .. score)
  waiting = waiting + 1
end

local answers_ms = redis.call('LRANGE', served, 0, -1)
local every_ms = ''
if #answers_ms >= tonumber(served_min) then
  local now = redis.call('TIME')
  local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
  local latest_ms, first_ms = tonumber(answers_ms[1]), tonumber(answers_ms[#answers_ms])
  every_ms = string.format('%.0f', math.max(0,
    (latest_ms - first_ms) / (#answers_ms - 1), (now_ms - first_ms) / #answers_ms))
end
return {'place', ahead + 1, waiting, every_ms}
