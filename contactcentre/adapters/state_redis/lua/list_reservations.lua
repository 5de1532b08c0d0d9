-- List the reservations that no node has taken up yet, the oldest first.
--
-- KEYS   reservations call:
-- ARGV   count_max
-- GIVES  {"reservations", {call, adviser, token, queue, enqueued_ms, node, desk}...}
--
-- No deadline stands here: each router times by its own clock what it sees unchanged.
local reservations, any_call = unpack(KEYS)

local found = {'reservations'}
for _, call in ipairs(redis.call('ZRANGE', reservations, 0, ARGV[1] - 1)) do
  local state, adviser, token, queue, time_ms, node, desk = unpack(redis.call('HMGET',
    any_call .. call, 'state', 'adviser', 'token', 'queue', 'enqueued_ms', 'node', 'desk'))
  if state == 'reserved' then
    found[#found + 1] = {call, adviser, token, queue, time_ms, node, desk}
  else
    redis.call('ZREM', reservations, call)
  end
end
return found
