package lastgang;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.TimestampType;

/**
 * What {@link LogRecords} makes of the dates of readings, line by line, so that it can be held against the rules of metering.
 *
 * <p>Arguments: how far [ms] a device's clock may lead the gateway's, and the plant's. In: the broker's time of arrival [ms], key and payload
 * in hex, with spaces between. Out: the event time [ms], 0 where it has none, and whether it is ahead of the plant's clock.
 */
public final class ArrivalLines {
    private ArrivalLines() {}

    public static void main(String[] arguments) throws IOException {
        LogRecords records = new LogRecords("readings", Long.parseLong(arguments[0]), Long.parseLong(arguments[1]), "", Map.of());
        records.open(null);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        PrintStream out = new PrintStream(System.out, false);
        HexFormat hex = HexFormat.of();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split(" ");
            byte[] key = hex.parseHex(parts[1]);
            byte[] payload = hex.parseHex(parts[2]);
            ConsumerRecord<byte[], byte[]> record =
                    new ConsumerRecord<>(
                            "readings", 0, 0, Long.parseLong(parts[0]), TimestampType.LOG_APPEND_TIME, key.length, payload.length, key, payload,
                            new RecordHeaders(), Optional.empty());
            List<Item> items = new ArrayList<>();
            records.deserialize(record, new ListCollector<>(items));
            for (Item item : items) {
                out.printf("%d %b%n", item.eventMs, item.isAhead);
            }
        }
        out.flush();
    }
}
