-- Open matching on a store, unless another one answers by now.
--
-- KEYS   opened wake
-- ARGV   store
-- GIVES  {"opened"} | {"changed"}
local opened, wake = unpack(KEYS)

local store = redis.call('INFO', 'server'):match('run_id:(%x+)') .. ':'
  .. redis.call('INFO', 'replication'):match('master_replid:(%x+)')
if store ~= ARGV[1] then return {'changed'} end
redis.call('SET', opened, store)
redis.call('PUBLISH', wake, '')
return {'opened'}
