-- Whom does an address talk to, in both directions?
-- needs: src_host dst_host src_port dst_port proto timestamp_start
-- param host address: the address
-- param limit number 20: rows
SELECT peer, proto, port, sum(sent) AS bytes_sent, sum(received) AS bytes_received, sum(rows) AS flows
FROM
(
    SELECT {address dst_host} AS peer, proto, dst_port AS port, sum({bytes}) AS sent, toUInt64(0) AS received, count() AS rows
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} AND src_host = {host} GROUP BY peer, proto, port
    UNION ALL
    SELECT {address src_host} AS peer, proto, src_port AS port, toUInt64(0) AS sent, sum({bytes}) AS received, count() AS rows
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} AND dst_host = {host} GROUP BY peer, proto, port
)
GROUP BY peer, proto, port
ORDER BY bytes_sent + bytes_received DESC, peer, proto, port
LIMIT {limit}
