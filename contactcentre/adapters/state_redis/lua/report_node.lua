-- Take a node's beat: where it is and how much it carries.
--
-- KEYS   node nodes durable token
-- ARGV   node site beat internal_url public_url draining legs_count legs_max strained token_max
--        kept_s
-- GIVES  {"taken", durable_seq}
--
-- durable_seq is up to which number this node's events are in the ledger, as far as is known here.
-- token_max is the highest that the node has ever come by: matching is opened on a new store once
-- every node has told it, and gives none that is lower.
local node_key, nodes, durable, last = unpack(KEYS)
local node, site, beat, internal_url, public_url, draining, legs_count, legs_max, strained,
  token_max, kept_s = unpack(ARGV)

if tonumber(token_max) > tonumber(redis.call('GET', last) or '0') then
  redis.call('SET', last, token_max)
end

redis.call('HSET', node_key, 'site', site, 'beat', beat, 'internal_url', internal_url,
  'public_url', public_url, 'draining', draining, 'legs_count', legs_count, 'legs_max', legs_max,
  'strained', strained)
redis.call('EXPIRE', node_key, kept_s)
redis.call('SADD', nodes, node)
return {'taken', redis.call('GET', durable) or '0'}
