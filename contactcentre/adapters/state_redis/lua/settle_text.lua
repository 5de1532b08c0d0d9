-- Say what became of a text that was tried: it was sent, or it certainly was not.
--
-- KEYS   text
-- ARGV   step is_sent kept_s
-- GIVES  {"settled"}
local text = KEYS[1]
local step, is_sent, kept_s = unpack(ARGV)

if is_sent == '1' then
  redis.call('HSET', text, step, 'sent')
  redis.call('EXPIRE', text, kept_s)
else
  redis.call('HDEL', text, step)
end
return {'settled'}
