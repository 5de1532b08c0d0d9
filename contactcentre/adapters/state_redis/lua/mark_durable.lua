-- Note up to which number a node's events are in the ledger; the mark never goes back.
--
-- KEYS   durable
-- ARGV   seq kept_s
-- GIVES  {"marked"}
if tonumber(ARGV[1]) > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], ARGV[1])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {'marked'}
