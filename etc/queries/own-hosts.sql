-- Which of my addresses send and receive most?
-- needs: src_host dst_host timestamp_start
-- param own prefixes $my_prefixes: my networks
-- param limit number 20: rows
SELECT host, sum(received) AS bytes_in, sum(sent) AS bytes_out
FROM
(
    SELECT {address dst_host} AS host, sum({bytes}) AS received, toUInt64(0) AS sent
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} AND {in own dst_host} GROUP BY host
    UNION ALL
    SELECT {address src_host} AS host, toUInt64(0) AS received, sum({bytes}) AS sent
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} AND {in own src_host} GROUP BY host
)
GROUP BY host
ORDER BY bytes_in + bytes_out DESC, host
LIMIT {limit}
