-- Let one of those who would pull a call off its lost node do so.
--
-- KEYS   pulled call lost
-- ARGV   call count nonce kept_s
-- GIVES  {"pull"} | {"pulled"} | {"moved"}
--
-- Where it is not lost with that very leg any more there is nothing to pull: it has come back by
-- itself, or has ended. Whoever has pulled it in vain, or has died of it, leaves it to the next one
-- once what says so has expired.
local pulled, call_key, lost = unpack(KEYS)
local call, count, nonce, kept_s = unpack(ARGV)

local its_count, its_nonce = unpack(redis.call('HMGET', call_key, 'count', 'nonce'))
if not redis.call('ZSCORE', lost, call) or its_count ~= count or its_nonce ~= nonce then
  return {'moved'}
end
if redis.call('SET', pulled, count .. ' ' .. nonce, 'NX', 'EX', kept_s) then return {'pull'} end
return {'pulled'}
