-- Take a node's word that it holds some calls, and say which of them do not stand here as it says.
--
-- KEYS   call: holds lost token enqueued
-- ARGV   node token_max enqueued_max_ms kept_s calls...
-- GIVES  {"taken", call...}
--
-- Nine arguments a call: call queue head_start_ms enqueued_ms count nonce state adviser token,
-- where state is waiting, hidden, ringing or talking; or in_menu, with "" for queue and time. The
-- calls that are named in the reply are for correct_calls; in a quiet second there are none.
local any_call, holds, lost, last, enqueued = unpack(KEYS)
local node, token_max, enqueued_max_ms, kept_s = unpack(ARGV, 1, 4)

local function observe(key, value)
  local seen = tonumber(redis.call('GET', key) or '0')
  if tonumber(value) > seen then redis.call('SET', key, value) end
end

observe(last, token_max)
observe(enqueued, enqueued_max_ms)

local held = {}
local found = {'taken'}
for i = 5, #ARGV, 9 do
  local call, queue, _, time_ms, count, nonce, said, adviser, token = unpack(ARGV, i, i + 8)
  local key = any_call .. call
  local state, its_node, its_queue, its_time_ms, its_count, its_nonce, who, its_token, doubts =
    unpack(redis.call('HMGET', key, 'state', 'node', 'queue', 'enqueued_ms', 'count', 'nonce',
      'adviser', 'token', 'doubts'))
  if state == said and its_count == count and its_nonce == nonce and its_node == node
    and (said == 'in_menu' or (its_queue == queue and its_time_ms == time_ms))
    and (who or '') == adviser and (not who or its_token == token) then
    if doubts and doubts ~= '0' then redis.call('HSET', key, 'doubts', '0') end
    redis.call('EXPIRE', key, kept_s)
    held[#held + 1] = call
  else
    found[#found + 1] = call
  end
end
if #held > 0 then
  redis.call('SADD', holds, unpack(held))
  redis.call('EXPIRE', holds, kept_s)
  redis.call('ZREM', lost, unpack(held))
end
return found
