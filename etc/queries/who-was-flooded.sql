-- Which of my addresses had the most packets in one minute, and from how many sources?
-- needs: src_host dst_host timestamp_start
-- param own prefixes $my_prefixes: my networks
-- param limit number 20: rows
SELECT {address dst_host} AS destination, toStartOfMinute(timestamp_start) AS minute, sum({packets}) AS total_packets,
    sum({bytes}) AS total_bytes, round(sum({packets}) / 60, 2) AS packets_per_second, uniq(src_host) AS sources
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to} AND {in own dst_host}
GROUP BY dst_host, minute
ORDER BY total_packets DESC, destination, minute
LIMIT {limit}
