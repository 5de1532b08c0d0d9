-- Put a copy of the supervisors' switches there if it is newer, and give the one that stands.
--
-- KEYS   switches
-- ARGV   number said
-- GIVES  {"switches", said}
local stands = redis.call('HMGET', KEYS[1], 'number', 'said')
if stands[1] and tonumber(stands[1]) >= tonumber(ARGV[1]) then
  return {'switches', stands[2]}
end
redis.call('HSET', KEYS[1], 'number', ARGV[1], 'said', ARGV[2])
return {'switches', ARGV[2]}
