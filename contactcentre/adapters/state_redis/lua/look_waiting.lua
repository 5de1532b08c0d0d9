-- List the queues in which somebody waits, the one with the best-scored head first.
--
-- KEYS   queues queue:
-- ARGV
-- GIVES  {"waiting", queue...}
--
-- As many steps as there are queues with a call since they were last seen empty. The order is that
-- in which heads are due: whoever serves two of the queues gets the head that comes first.
local queues, any_queue = unpack(KEYS)

local heads = {}
for _, queue in ipairs(redis.call('SMEMBERS', queues)) do
  local head = redis.call('ZRANGE', any_queue .. queue, 0, 0, 'WITHSCORES')
  if head[1] then
    heads[#heads + 1] = {queue = queue, call = head[1], score = tonumber(head[2])}
  else
    redis.call('SREM', queues, queue)
  end
end
table.sort(heads, function(one, other)
  return one.score < other.score or (one.score == other.score and one.call < other.call)
end)

local found = {'waiting'}
for _, head in ipairs(heads) do found[#found + 1] = head.queue end
return found
