-- Who scanned my networks? Sources outside that tried many of my addresses or ports with few packets each.
-- needs: src_host dst_host dst_port proto src_host_country timestamp_start
-- param own prefixes $my_prefixes: my networks
-- param targets number 50: addresses or ports that make a scan
-- param limit number 20: rows
SELECT {address src_host} AS source, max(toString(src_host_country)) AS country, uniqExact(dst_host) AS addresses,
    uniqExact(dst_port) AS ports, count() AS flows, min(timestamp_start) AS first, max(timestamp_start) AS last
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to} AND {in own dst_host} AND NOT {in own src_host}
GROUP BY src_host
HAVING (addresses >= {targets} OR ports >= {targets}) AND sum(packets) <= 3 * flows
ORDER BY greatest(addresses, ports) DESC, source
LIMIT {limit}
