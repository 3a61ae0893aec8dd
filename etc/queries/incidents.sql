-- What was detected? One row an incident, as it was told last.
-- table: detections
-- needs: id rule key state time start flows packets bytes
-- since: 1d
-- param limit number 50: rows
SELECT min(start) AS begin, max(time) AS latest, any(rule) AS by_rule, any(key) AS who, argMax(state, (time, state != 'start')) AS last_state,
    max(flows) AS most_flows, max(packets) AS most_packets, max(bytes) AS most_bytes
FROM {table}
WHERE time >= {from} AND time < {to}
GROUP BY id
ORDER BY begin DESC, by_rule, who
LIMIT {limit}
