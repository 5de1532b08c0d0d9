-- Open matching on a store, unless another one answers by now.
--
-- KEYS   opened token wake
-- ARGV   store token_max
-- GIVES  {"opened"} | {"changed"}
local opened, last, wake = unpack(KEYS)
local store_seen, token_max = unpack(ARGV)

local store = redis.call('INFO', 'server'):match('run_id:(%x+)') .. ':'
  .. redis.call('INFO', 'replication'):match('master_replid:(%x+)')
if store ~= store_seen then return {'changed'} end
if tonumber(token_max) > tonumber(redis.call('GET', last) or '0') then
  redis.call('SET', last, token_max)
end
redis.call('SET', opened, store)
redis.call('PUBLISH', wake, '')
return {'opened'}
