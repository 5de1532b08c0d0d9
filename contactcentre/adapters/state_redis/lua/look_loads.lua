-- Say how full queues are, and how many advisers are at work in each.
--
-- KEYS   queue: call: advisers adviser: lost_advisers at_work
-- ARGV   kept_s queues...
-- GIVES  {"loads", now_ms, {queue, waiting_count, enqueued_ms, at_work_count}...}
--
-- enqueued_ms is that of the queue's head, "" for an empty one. Whoever is ready, rung, in a talk
-- or in wrap-up is at work in all of the adviser's queues, at whatever level. They are counted by
-- whoever asks first, and kept for a moment: a hundred nodes that ask are one walk over the
-- advisers. Waiting calls are counted, never walked.
local any_queue, any_call, advisers, any_adviser, lost_advisers, at_work = unpack(KEYS)
local kept_s = ARGV[1]
local working = {ready = true, reserved = true, ringing = true, talking = true, wrap_up = true}

local function count()
  local counts = {}
  for i = 2, #ARGV do counts[ARGV[i]] = 0 end
  for _, adviser in ipairs(redis.call('SMEMBERS', advisers)) do
    local state, places = unpack(redis.call('HMGET', any_adviser .. adviser, 'state', 'queues'))
    if working[state] and not redis.call('ZSCORE', lost_advisers, adviser) then
      for place in (places or ''):gmatch('%S+') do
        local queue = place:gsub(':[23]$', '')
        if counts[queue] then counts[queue] = counts[queue] + 1 end
      end
    end
  end
  redis.call('DEL', at_work)
  for i = 2, #ARGV do redis.call('HSET', at_work, ARGV[i], counts[ARGV[i]]) end
  redis.call('EXPIRE', at_work, kept_s)
end

for i = 2, #ARGV do
  if not redis.call('HGET', at_work, ARGV[i]) then
    count()
    break
  end
end

local now = redis.call('TIME')
local found = {'loads', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))}
for i = 2, #ARGV do
  local queue = ARGV[i]
  local head = redis.call('ZRANGE', any_queue .. queue, 0, 0)[1]
  local time_ms = head and redis.call('HGET', any_call .. head, 'enqueued_ms')
  found[#found + 1] = {queue, redis.call('ZCARD', any_queue .. queue), time_ms or '',
    redis.call('HGET', at_work, queue)}
end
return found
