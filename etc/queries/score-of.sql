-- How odd did a source behave over the day? Its ml_score, window by window.
-- table: ml_scores
-- needs: key window_start window_end ml_score
-- since: 1d
-- param host address: the source
SELECT window_end AS time, round(max(ml_score), 4) AS score
FROM {table}
WHERE window_end >= {from} AND window_end < {to} AND key = {host}
GROUP BY time
ORDER BY time
