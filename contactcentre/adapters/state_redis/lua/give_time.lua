-- Give an enqueue time to a call that will join a queue later.
--
-- KEYS   enqueued
-- ARGV
-- GIVES  {"given", enqueued_ms}
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local last_ms = tonumber(redis.call('GET', KEYS[1]) or '0')
local time_ms = string.format('%.0f', math.max(last_ms + 1, now_ms))
redis.call('SET', KEYS[1], time_ms)
return {'given', time_ms}
