-- Let go of the open callbacks of a keeper ($1).
UPDATE callbacks SET keeper = NULL WHERE keeper = $1 AND state = 'open'
