-- List the advisers whose desk process is lost and who have not been reported since.
--
-- KEYS   lost_advisers adviser:
-- ARGV   count_max
-- GIVES  {"lost", {adviser, beat}...}
--
-- The longest lost come first. No deadline stands here, as in look_lost_calls.
local lost_advisers, any_adviser = unpack(KEYS)

local found = {'lost'}
for _, adviser in ipairs(redis.call('ZRANGE', lost_advisers, 0, ARGV[1] - 1)) do
  local beat = redis.call('HGET', any_adviser .. adviser, 'beat')
  if beat then
    found[#found + 1] = {adviser, beat}
  else
    redis.call('ZREM', lost_advisers, adviser)
  end
end
return found
