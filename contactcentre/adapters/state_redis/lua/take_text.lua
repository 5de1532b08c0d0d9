-- Take the right to send the text that a step of a call has offered, once.
--
-- KEYS   text texted texts
-- ARGV   step number_max minute_max kept_s minute_kept_s
-- GIVES  {"taken"} | {"sent"} | {"unsure"} | {"number-full"} | {"minute-full"}
--
-- Only what may be sent counts. A text that was tried and of which nobody has said what became is
-- not tried again: better no text than two.
local text, texted, texts = unpack(KEYS)
local step, number_max, minute_max, kept_s, minute_kept_s = unpack(ARGV)

local known = redis.call('HGET', text, step)
if known == 'sent' then return {'sent'} end
if known then return {'unsure'} end
local function has_had(key, most)
  return tonumber(redis.call('HGET', key, 'count') or '0') >= tonumber(most)
end
local function count(key, lives_s)
  local is_new = redis.call('EXISTS', key) == 0
  redis.call('HINCRBY', key, 'count', 1)
  if is_new then redis.call('EXPIRE', key, lives_s) end
end
if has_had(texted, number_max) then return {'number-full'} end
if has_had(texts, minute_max) then return {'minute-full'} end
redis.call('HSET', text, step, 'trying')
redis.call('EXPIRE', text, kept_s)
count(texted, kept_s)
count(texts, minute_kept_s)
return {'taken'}
