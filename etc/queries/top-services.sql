-- Which protocols and destination ports carry most?
-- needs: src_host proto dst_port timestamp_start
-- param limit number 20: rows
SELECT proto, dst_port, sum({bytes}) AS total_bytes, sum({packets}) AS total_packets, count() AS flows,
    uniq(src_host) AS sources
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to}
GROUP BY proto, dst_port
ORDER BY total_bytes DESC, proto, dst_port
LIMIT {limit}
