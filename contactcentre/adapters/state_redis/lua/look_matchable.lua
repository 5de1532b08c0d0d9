-- List the queues in which somebody waits, and the advisers who are ready for one of these.
--
-- KEYS   queues queue: ready_in:
-- ARGV   advisers_max
-- GIVES  {"matchable", {queue...}, {adviser...}}
--
-- As many steps as there are queues with a call since they were last seen empty. The order is that
-- in which heads are due: whoever serves two of the queues gets the head that comes first. Of the
-- advisers, on whichever level, those come first who are next among all who are ready. Whoever is
-- ready for other queues alone could be given nobody, and costs nothing here.
local queues, any_queue, any_ready_in = unpack(KEYS)
local advisers_max = tonumber(ARGV[1])

local heads, ready, rank_of = {}, {}, {}
for _, queue in ipairs(redis.call('SMEMBERS', queues)) do
  local head = redis.call('ZRANGE', any_queue .. queue, 0, 0, 'WITHSCORES')
  if head[1] then
    heads[#heads + 1] = {queue = queue, call = head[1], score = tonumber(head[2])}
    for _, place in ipairs({queue, queue .. ':2', queue .. ':3'}) do
      local first = redis.call(
        'ZRANGE', any_ready_in .. place, 0, advisers_max - 1, 'WITHSCORES')
      for i = 1, #first, 2 do
        if not rank_of[first[i]] then ready[#ready + 1] = first[i] end
        rank_of[first[i]] = tonumber(first[i + 1])
      end
    end
  else
    redis.call('SREM', queues, queue)
  end
end
table.sort(heads, function(one, other)
  return one.score < other.score or (one.score == other.score and one.call < other.call)
end)
table.sort(ready, function(one, other)
  return rank_of[one] < rank_of[other] or (rank_of[one] == rank_of[other] and one < other)
end)

local waiting = {}
for _, head in ipairs(heads) do waiting[#waiting + 1] = head.queue end
return {'matchable', waiting, {unpack(ready, 1, math.min(#ready, advisers_max))}}
