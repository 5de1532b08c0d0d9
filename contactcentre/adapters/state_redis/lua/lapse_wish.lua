-- Let a call that has waited for one adviser alone wait in its queue, at its old score.
--
-- KEYS   call queue: queues wishes wake
-- ARGV   call adviser token
-- GIVES  {"lapsed"} | {"over"}
local call_key, any_queue, queues, wishes, wake = unpack(KEYS)
local call, adviser, token = unpack(ARGV)

local state, wish, here, queue, head_start_ms, time_ms = unpack(redis.call('HMGET', call_key,
  'state', 'wish', 'token', 'queue', 'head_start_ms', 'enqueued_ms'))
if state ~= 'waiting' or wish ~= adviser or here ~= token then return {'over'} end

redis.call('ZREM', wishes, call .. ' ' .. adviser)
redis.call('ZREM', any_queue .. '@' .. adviser, call)
redis.call('HSET', call_key, 'wish', '')
redis.call('ZADD', any_queue .. queue, string.format('%.0f', time_ms - head_start_ms), call)
redis.call('SADD', queues, queue)
redis.call('PUBLISH', wake, queue)
return {'lapsed'}
