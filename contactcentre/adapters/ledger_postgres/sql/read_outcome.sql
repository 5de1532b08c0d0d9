SELECT outcome, notes, version FROM outcomes WHERE call = $1 AND adviser = $2
