-- Which pairs of addresses exchange most, and by which service?
-- needs: src_host dst_host proto dst_port timestamp_start
-- param limit number 20: rows
SELECT {address src_host} AS source, {address dst_host} AS destination, proto, dst_port,
    sum({bytes}) AS total_bytes, sum({packets}) AS total_packets, count() AS flows
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to}
GROUP BY src_host, dst_host, proto, dst_port
ORDER BY total_bytes DESC, source, destination, dst_port
LIMIT {limit}
