-- List the queues in which somebody waits.
--
-- KEYS   queues queue:
-- ARGV
-- GIVES  {"waiting", queue...}
--
-- As many steps as there are queues with a call since they were last seen empty.
local queues, any_queue = unpack(KEYS)

local found = {'waiting'}
for _, queue in ipairs(redis.call('SMEMBERS', queues)) do
  if redis.call('EXISTS', any_queue .. queue) == 1 then
    found[#found + 1] = queue
  else
    redis.call('SREM', queues, queue)
  end
end
return found
