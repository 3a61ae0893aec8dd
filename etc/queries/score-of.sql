-- How odd did a source behave over the day? Its ml_score, window by window.
-- table: ml_scores
-- needs: key time ml_score
-- since: 1d
-- param host address: the source
SELECT time, round(max(ml_score), 4) AS score
FROM {table}
WHERE time >= {from} AND time < {to} AND key = {host}
GROUP BY time
ORDER BY time
