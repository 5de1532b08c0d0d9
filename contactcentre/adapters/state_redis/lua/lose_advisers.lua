-- Keep some advisers of a lost desk process from being matched; their states stay as they are.
--
-- KEYS   desk seats adviser: ready_in: ready lost_advisers
-- ARGV   desk beat count_max
-- GIVES  {"lost", count}
--
-- Nothing happens if the desk's beat is another by now. The next report of an adviser, from
-- whichever desk, puts back who is ready.
local desk_key, seats, any_adviser, any_ready_in, ready, lost_advisers = unpack(KEYS)
local desk, beat, count_max = unpack(ARGV)

if redis.call('HGET', desk_key, 'beat') ~= beat then return {'lost', 0} end
local now = redis.call('TIME')
local now_ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
local advisers = redis.call('SPOP', seats, count_max)
for _, adviser in ipairs(advisers) do
  local its_desk, serves = unpack(redis.call('HMGET', any_adviser .. adviser, 'desk', 'queues'))
  if its_desk == desk then
    redis.call('ZADD', lost_advisers, now_ms, adviser)
    redis.call('ZREM', ready, adviser)
    for name in serves:gmatch('%S+') do redis.call('ZREM', any_ready_in .. name, adviser) end
  end
end
return {'lost', #advisers}
