-- Who may be abused to flood me? Sources of large UDP answers from ports of services that amplify.
-- needs: src_host dst_host src_port proto timestamp_start
-- param limit number 20: rows
SELECT {address src_host} AS source, src_port, uniq(dst_host) AS destinations, sum({bytes}) AS total_bytes,
    sum({packets}) AS total_packets, round(sum({bytes}) / sum({packets})) AS bytes_per_packet
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to} AND proto = 17
    AND src_port IN (17, 19, 53, 111, 123, 137, 161, 389, 520, 1900, 3283, 3702, 5353, 11211)
GROUP BY src_host, src_port
HAVING bytes_per_packet >= 400
ORDER BY total_bytes DESC, source, src_port
LIMIT {limit}
