-- Which sources behaved oddest, and when?
-- table: ml_scores
-- needs: key time ml_score
-- param limit number 20: rows
SELECT key AS source, round(max(ml_score), 4) AS highest, argMax(time, ml_score) AS at, count() AS windows,
    round(avg(ml_score), 4) AS mean
FROM {table}
WHERE time >= {from} AND time < {to}
GROUP BY key
ORDER BY highest DESC, source
LIMIT {limit}
