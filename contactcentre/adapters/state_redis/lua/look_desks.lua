-- List the desk processes that are known.
--
-- KEYS   desks desk:
-- ARGV
-- GIVES  {"desks", {desk, internal_url, beat}...}
local desks, any_desk = unpack(KEYS)

local found = {'desks'}
for _, desk in ipairs(redis.call('SMEMBERS', desks)) do
  local known = redis.call('HMGET', any_desk .. desk, 'internal_url', 'beat')
  if known[1] then
    found[#found + 1] = {desk, unpack(known)}
  else
    redis.call('SREM', desks, desk)
  end
end
return found
