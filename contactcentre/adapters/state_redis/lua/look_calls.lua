-- Say how some calls stand, in their order; those that are unknown are left out.
--
-- KEYS   call: adviser:
-- ARGV   calls...
-- GIVES  {"calls", {call, state, node, count, nonce, queue, enqueued_ms, adviser, desk, token,
--         ending, presumed}...}
--
-- What a call does not have is "". The desk is the one where its adviser is now.
local any_call, any_adviser = unpack(KEYS)

local found = {'calls'}
for _, call in ipairs(ARGV) do
  local its = redis.call('HMGET', any_call .. call, 'state', 'node', 'count', 'nonce', 'queue',
    'enqueued_ms', 'adviser', 'desk', 'token', 'ending', 'presumed')
  if its[1] then
    local adviser = its[7]
    its[8] = adviser and redis.call('HGET', any_adviser .. adviser, 'desk')
    local standing = {call}
    for i = 1, 11 do standing[i + 1] = its[i] or '' end
    found[#found + 1] = standing
  end
end
return found
