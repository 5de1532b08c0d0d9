-- Keep what another node needs to go on with a node's telephone calls, and forget ended ones.
--
-- KEYS   dialogs dialog:
-- ARGV   kept_s said_count calls_and_words_and_ended...
-- GIVES  {"kept"}
local dialogs, any_dialog = unpack(KEYS)
local kept_s, said_count = ARGV[1], tonumber(ARGV[2])
for at = 3, 2 + 2 * said_count, 2 do
  redis.call('SET', any_dialog .. ARGV[at], ARGV[at + 1], 'EX', kept_s)
  redis.call('SADD', dialogs, ARGV[at])
end
for at = 3 + 2 * said_count, #ARGV do
  redis.call('DEL', any_dialog .. ARGV[at])
  redis.call('SREM', dialogs, ARGV[at])
end
return {'kept'}
