-- Which routers send flows, how many, sampled how, and when last?
-- needs: exporter_ip flow_type sampling_rate timestamp_start
SELECT {address exporter_ip} AS exporter, toString(any(flow_type)) AS type, count() AS flows, round(count() / ({to} - {from}), 2) AS flows_per_second,
    max(sampling_rate) AS sampling, sum({bytes}) AS total_bytes, max(timestamp_start) AS latest
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to}
GROUP BY exporter_ip
ORDER BY flows DESC, exporter
