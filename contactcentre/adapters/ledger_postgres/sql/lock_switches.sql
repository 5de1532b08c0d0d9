SELECT pg_advisory_xact_lock(hashtext('switch_turns'))
