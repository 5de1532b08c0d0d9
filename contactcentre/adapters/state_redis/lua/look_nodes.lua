-- List the media nodes that are known.
--
-- KEYS   nodes node:
-- ARGV
-- GIVES  {"nodes", {node, site, beat, internal_url, public_url, draining, legs_count,
--         legs_max, strained}...}
local nodes, any_node = unpack(KEYS)

local found = {'nodes'}
for _, node in ipairs(redis.call('SMEMBERS', nodes)) do
  local known = redis.call('HMGET', any_node .. node, 'site', 'beat', 'internal_url', 'public_url',
    'draining', 'legs_count', 'legs_max', 'strained')
  if known[1] then
    found[#found + 1] = {node, unpack(known)}
  else
    redis.call('SREM', nodes, node)
  end
end
return found
