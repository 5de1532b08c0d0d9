-- Take some telephone calls of a lost node up: they are the taker's in the same step.
--
-- KEYS   lost taker dialog:
-- ARGV   calls_max
-- GIVES  {"taken", {call, said}...}
--
-- A taker that is lost as well is seen to be so, and its calls are taken from it.
local lost, taker, any_dialog = unpack(KEYS)
local calls_max = ARGV[1]

local given = {'taken'}
for _, call in ipairs(redis.call('SPOP', lost, calls_max)) do
  local said = redis.call('GET', any_dialog .. call)
  if said then
    redis.call('SADD', taker, call)
    given[#given + 1] = {call, said}
  end
end
return given
