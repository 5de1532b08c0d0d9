-- Say who has taken open callbacks on.
SELECT DISTINCT keeper FROM callbacks WHERE state = 'open' AND keeper IS NOT NULL
