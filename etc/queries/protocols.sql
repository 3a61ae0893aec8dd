-- What share has each IP protocol, of bytes and of packets?
-- needs: proto timestamp_start
SELECT proto, sum({bytes}) AS total_bytes, sum({packets}) AS total_packets, count() AS flows,
    round(100 * sum({bytes}) / (SELECT sum({bytes}) FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to}), 2)
        AS percent_of_bytes,
    round(sum({bytes}) / sum({packets})) AS bytes_per_packet
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to}
GROUP BY proto
ORDER BY total_bytes DESC, proto
