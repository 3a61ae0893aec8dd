-- How many bits, packets and flows a second, over time?
-- needs: timestamp_start
-- param step number 60: seconds from point to point
SELECT toDateTime(intDiv(toUInt32(timestamp_start), {step}) * {step}) AS time, round(sum({bytes}) * 8 / {step}) AS bits_per_second,
    round(sum({packets}) / {step}, 2) AS packets_per_second, round(count() / {step}, 2) AS flows_per_second
FROM {table}
WHERE timestamp_start >= {from} AND timestamp_start < {to}
GROUP BY time
ORDER BY time
