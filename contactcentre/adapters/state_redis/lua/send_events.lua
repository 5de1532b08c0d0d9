-- Put events on their stream, in order, as long as there is room.
--
-- KEYS   events
-- ARGV   stream_max events...
-- GIVES  {"sent"} | {"full"}
local events = KEYS[1]
if redis.call('XLEN', events) + #ARGV - 1 > tonumber(ARGV[1]) then return {'full'} end
for i = 2, #ARGV do redis.call('XADD', events, '*', 'event', ARGV[i]) end
return {'sent'}
