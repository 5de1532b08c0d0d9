-- List the calls that wait for one adviser alone, the oldest wish first.
--
-- KEYS   wishes call: queue:
-- ARGV   count_max
-- GIVES  {"wishes", {call, adviser, token}...}
--
-- No deadline stands here: each router times by its own clock what it sees unchanged. A wish that
-- is over by another way than a lapse is taken out.
local wishes, any_call, any_queue = unpack(KEYS)

local found = {'wishes'}
for _, entry in ipairs(redis.call('ZRANGE', wishes, 0, ARGV[1] - 1)) do
  local call, adviser = entry:match('^(%S+) (%S+)$')
  local state, wish, token = unpack(redis.call(
    'HMGET', any_call .. call, 'state', 'wish', 'token'))
  if state == 'waiting' and wish == adviser then
    found[#found + 1] = {call, adviser, token}
  else
    redis.call('ZREM', wishes, entry)
    redis.call('ZREM', any_queue .. '@' .. adviser, call)
  end
end
return found
