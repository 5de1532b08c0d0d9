-- Let go of entries of the stream that are dealt with.
--
-- KEYS   events
-- ARGV   group ids...
-- GIVES  {"released"}
for i = 2, #ARGV do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
  redis.call('XDEL', KEYS[1], ARGV[i])
end
return {'released'}
