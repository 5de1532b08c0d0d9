-- Say whether a number may be texted as far as is known, and count what it costs to look it up.
--
-- KEYS   texted texts
-- ARGV   number_max minute_max is_paid minute_kept_s
-- GIVES  {"open"} | {"number-full"} | {"minute-full"} | {"look-ups-full"}
--
-- Nothing is taken of what may be sent: take_text does that. So many look-ups are paid for within a
-- minute as texts may be sent in it.
local texted, texts = unpack(KEYS)
local number_max, minute_max, is_paid, minute_kept_s = unpack(ARGV)

local function has_had(key, field, most)
  return tonumber(redis.call('HGET', key, field) or '0') >= tonumber(most)
end
if has_had(texted, 'count', number_max) then return {'number-full'} end
if has_had(texts, 'count', minute_max) then return {'minute-full'} end
if is_paid == '1' then
  if has_had(texts, 'look_ups', minute_max) then return {'look-ups-full'} end
  local is_new = redis.call('EXISTS', texts) == 0
  redis.call('HINCRBY', texts, 'look_ups', 1)
  if is_new then redis.call('EXPIRE', texts, minute_kept_s) end
end
return {'open'}
