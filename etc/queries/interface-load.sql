-- How full is each router's interface, in the busiest five minutes and on the whole?
-- Of what comes in; the router tells the speed by SNMP.
-- needs: exporter_ip input_interface input_interface_name input_interface_speed timestamp_start
SELECT {address exporter_ip} AS exporter, input_interface, max(interface_name) AS name, max(speed) AS bits_per_second_possible,
    round(max(slot_bytes) * 8 / 300) AS busiest, round(sum(slot_bytes) * 8 / ({to} - {from})) AS mean,
    if(max(speed) = 0, 0, round(100 * max(slot_bytes) * 8 / 300 / max(speed), 2)) AS busiest_percent
FROM
(
    SELECT exporter_ip, input_interface, toStartOfFiveMinute(timestamp_start) AS slot, max(toString(input_interface_name)) AS interface_name,
        max(input_interface_speed) AS speed, sum({bytes}) AS slot_bytes
    FROM {table}
    WHERE timestamp_start >= {from} AND timestamp_start < {to}
    GROUP BY exporter_ip, input_interface, slot
)
GROUP BY exporter_ip, input_interface
ORDER BY busiest DESC, exporter, input_interface
