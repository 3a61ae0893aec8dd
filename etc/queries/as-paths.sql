-- Which AS paths carry most?
-- needs: as_path timestamp_start
-- param limit number 20: rows
SELECT arrayStringConcat(as_path, ' ') AS path, length(as_path) AS hops, sum({bytes}) AS total_bytes, count() AS flows
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to} AND notEmpty(as_path)
GROUP BY as_path
ORDER BY total_bytes DESC, path
LIMIT {limit}
