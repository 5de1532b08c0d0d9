-- Pass the place of a call that has ended unserved on to one new call.
--
-- KEYS   call passed
-- ARGV   page new_call kept_s unserved...
-- GIVES  {"passed", call} | {"refused"}
--
-- Unserved are the endings whose callers keep their places. The page that has the place gets the
-- same call again, however often it asks. Of a call that is unknown here its claim's word stands.
local call_key, passed = unpack(KEYS)
local page, new_call, kept_s = unpack(ARGV, 1, 3)

local its_page, its_call = unpack(redis.call('HMGET', passed, 'page', 'call'))
if its_page then return its_page == page and {'passed', its_call} or {'refused'} end

local state, ending = unpack(redis.call('HMGET', call_key, 'state', 'ending'))
local is_unserved = not state
for i = 4, #ARGV do
  is_unserved = is_unserved or (state == 'closed' and ending == ARGV[i])
end
if not is_unserved then return {'refused'} end

redis.call('HSET', passed, 'page', page, 'call', new_call)
redis.call('EXPIRE', passed, kept_s)
return {'passed', new_call}
