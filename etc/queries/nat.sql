-- Who was behind an address and port after translation?
-- needs: nat_src_host nat_src_port src_host src_port dst_host dst_port proto timestamp_start
-- param host address: the address after translation
-- param port number: its port
-- param limit number 100: rows
SELECT {address src_host} AS source, src_port AS source_port, proto, {address dst_host} AS destination, dst_port,
    min(timestamp_start) AS first, max(timestamp_start) AS last
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to} AND nat_src_host = {host} AND nat_src_port = {port}
GROUP BY src_host, src_port, proto, dst_host, dst_port
ORDER BY first, source, source_port, destination, dst_port
LIMIT {limit}
