-- Take a node's beat: where it is and how much it carries.
--
-- KEYS   node nodes durable
-- ARGV   node site beat internal_url public_url draining legs_count legs_max strained kept_s
-- GIVES  {"taken", durable_seq}
--
-- durable_seq is up to which number this node's events are in the ledger, as far as is known here.
local node_key, nodes, durable = unpack(KEYS)
local node, site, beat, internal_url, public_url, draining, legs_count, legs_max, strained,
  kept_s = unpack(ARGV)

redis.call('HSET', node_key, 'site', site, 'beat', beat, 'internal_url', internal_url,
  'public_url', public_url, 'draining', draining, 'legs_count', legs_count, 'legs_max', legs_max,
  'strained', strained)
redis.call('EXPIRE', node_key, kept_s)
redis.call('SADD', nodes, node)
return {'taken', redis.call('GET', durable) or '0'}
