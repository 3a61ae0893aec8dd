-- Who is detected again and again, and by which rules?
-- table: detections
-- needs: id rule key time
-- since: 7d
-- param limit number 20: rows
SELECT key AS who, uniqExact(id) AS incidents, arraySort(groupUniqArray(rule)) AS rules, min(time) AS first, max(time) AS last
FROM {table}
WHERE time >= {from} AND time < {to}
GROUP BY key
ORDER BY incidents DESC, who
LIMIT {limit}
