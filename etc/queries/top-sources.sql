-- Which addresses send most?
-- needs: src_host timestamp_start
-- param limit number 20: rows
SELECT {address src_host} AS source, sum({bytes}) AS total_bytes, sum({packets}) AS total_packets, count() AS flows,
    round(sum({bytes}) * 8 / ({to} - {from})) AS bits_per_second
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to}
GROUP BY src_host
ORDER BY total_bytes DESC, source
LIMIT {limit}
