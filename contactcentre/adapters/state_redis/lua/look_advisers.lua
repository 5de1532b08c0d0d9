-- Say how some advisers stand.
--
-- KEYS   advisers adviser:
-- ARGV   advisers...
-- GIVES  {"advisers", {adviser, state, reason, call, token, since_ms, desk, set_back}...}
--
-- Those who are not known any longer are left out, and taken out of the set.
local advisers, any_adviser = unpack(KEYS)

local found = {'advisers'}
for _, adviser in ipairs(ARGV) do
  local known = redis.call(
    'HMGET', any_adviser .. adviser, 'state', 'reason', 'call', 'token', 'since_ms', 'desk',
    'set_back')
  if known[1] then
    found[#found + 1] = {adviser, unpack(known)}
  else
    redis.call('SREM', advisers, adviser)
  end
end
return found
