-- Keep how a node's trunks stand, for whoever looks at the centre.
--
-- KEYS   trunks
-- ARGV   kept_s said
-- GIVES  {"kept"}
--
-- What was said before is forgotten: a trunk that is in the node's file no more is none of its own.
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[1])
return {'kept'}
