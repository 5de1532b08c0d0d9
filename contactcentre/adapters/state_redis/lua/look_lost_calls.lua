-- List the calls whose node is lost and that nobody has taken up yet, the longest lost first.
--
-- KEYS   lost call:
-- ARGV   count_max
-- GIVES  {"lost", {call, count, nonce}...}
--
-- No deadline stands here: each router times by its own clock what it sees unchanged.
local lost, any_call = unpack(KEYS)

local found = {'lost'}
for _, call in ipairs(redis.call('ZRANGE', lost, 0, ARGV[1] - 1)) do
  local state, count, nonce = unpack(redis.call(
    'HMGET', any_call .. call, 'state', 'count', 'nonce'))
  if state and state ~= 'closed' then
    found[#found + 1] = {call, count, nonce}
  else
    redis.call('ZREM', lost, call)
  end
end
return found
