-- Say that a call and an adviser talk.
--
-- KEYS   call adviser queue: served: ready_in: ready reservations
-- ARGV   call adviser token served_max served_kept_s
-- GIVES  {"talking"} | {"stale"} | {"closed"}
--
-- The node that says so holds both legs: a newer token than the one here is right, and a call
-- that is not known here, or presumed to be over, comes back with the node's next report.
local call_key, adviser_key, any_queue, any_served, any_ready_in, ready, reservations = unpack(KEYS)
local call, adviser, token, served_max, served_kept_s = unpack(ARGV)

local now = redis.call('TIME')
local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
local said = tonumber(token)
local state, queue, who, here, presumed = unpack(redis.call(
  'HMGET', call_key, 'state', 'queue', 'adviser', 'token', 'presumed'))
if state == 'closed' and not presumed then return {'closed'} end
if queue and state ~= 'closed' then
  if tonumber(here) > said or (here == token and who ~= adviser) then return {'stale'} end
  if state ~= 'talking' then
    redis.call('ZREM', any_queue .. queue, call)
    redis.call('ZREM', reservations, call)
    redis.call('LPUSH', any_served .. queue, now_ms)
    redis.call('LTRIM', any_served .. queue, 0, served_max - 1)
    redis.call('EXPIRE', any_served .. queue, served_kept_s)
  end
  redis.call('HSET', call_key,
    'state', 'talking', 'adviser', adviser, 'token', token, 'doubts', '0')
end

local presence, held, queues = unpack(redis.call('HMGET', adviser_key, 'state', 'token', 'queues'))
local rung = presence == 'reserved' or presence == 'ringing'
if presence and (tonumber(held) < said or (held == token and rung)) then
  redis.call('ZREM', ready, adviser)
  for name in queues:gmatch('%S+') do redis.call('ZREM', any_ready_in .. name, adviser) end
  redis.call('HSET', adviser_key, 'state', 'talking', 'reason', '', 'call', call,
    'token', token, 'since_ms', now_ms, 'doubts', '0')
end
return {'talking'}
