-- Keep how a node's trunks stand, for whoever looks at the centre.
--
-- KEYS   trunks
-- ARGV   kept_s names_and_standings...
-- GIVES  {"kept"}
--
-- What was said before is forgotten: a trunk that is in the node's file no more is none of its own.
local trunks = KEYS[1]
redis.call('DEL', trunks)
for at = 2, #ARGV, 2 do
  redis.call('HSET', trunks, ARGV[at], ARGV[at + 1])
end
redis.call('EXPIRE', trunks, ARGV[1])
return {'kept'}
