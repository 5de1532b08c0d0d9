-- Say which store this is, and on which one matching has been opened.
--
-- KEYS   opened
-- ARGV
-- GIVES  {"generation", store, opened}
--
-- A restart gives another run id, a change of primary another replication id; a store that was
-- emptied has nothing in opened.
local store = redis.call('INFO', 'server'):match('run_id:(%x+)') .. ':'
  .. redis.call('INFO', 'replication'):match('master_replid:(%x+)')
return {'generation', store, redis.call('GET', KEYS[1]) or ''}
