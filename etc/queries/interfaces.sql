-- How much goes in and out by each interface?
-- needs: input_interface output_interface input_interface_name output_interface_name timestamp_start
SELECT interface, max(interface_name) AS name, sum(in_bytes) AS bytes_in, sum(out_bytes) AS bytes_out,
    round(sum(in_bytes) * 8 / ({to} - {from})) AS bits_per_second_in,
    round(sum(out_bytes) * 8 / ({to} - {from})) AS bits_per_second_out
FROM
(
    SELECT input_interface AS interface, max(toString(input_interface_name)) AS interface_name, sum({bytes}) AS in_bytes, toUInt64(0) AS out_bytes
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} GROUP BY interface
    UNION ALL
    SELECT output_interface AS interface, max(toString(output_interface_name)) AS interface_name, toUInt64(0) AS in_bytes, sum({bytes}) AS out_bytes
    FROM {table} WHERE timestamp_start >= {from} AND timestamp_start < {to} GROUP BY interface
)
GROUP BY interface
ORDER BY bytes_in + bytes_out DESC, interface
