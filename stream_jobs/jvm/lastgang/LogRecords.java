package lastgang;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.TimestampType;
import org.apache.flink.util.Collector;

/** Records of topics to items: nothing is dropped, and nothing is judged but whether a reading is written canonically. */
public final class LogRecords implements KafkaRecordDeserializationSchema<Item> {
    private static final long serialVersionUID = 1L;
    private static final byte[] NOTHING = new byte[0];

    private final String readingsTopic;
    private final long futureToleranceMs;
    private final long aheadOfPlantMs;
    private final byte[] onlyKey;
    private final HashMap<String, HashSet<String>> onlyChannels;
    private transient CanonicalReading canonical;
    private transient PlantClock clock;

    /**
     * @param readingsTopic the topic whose records are readings with a date; empty where there is none
     * @param futureToleranceMs a device clock further ahead of the gateway's does not date its reading
     * @param aheadOfPlantMs a reading that is dated further ahead of the plant's clock when it came is handed on as such, and does not move the
     *     watermark: with the gateway's clock both its dates are wrong, and every other meter would be late
     * @param onlyKey records of other keys are passed over unread; empty: none are
     * @param onlyChannels key to channels: of readings only these are taken, and whole; empty: all are
     */
    public LogRecords(
            String readingsTopic, long futureToleranceMs, long aheadOfPlantMs, String onlyKey, Map<String, ? extends Collection<String>> onlyChannels) {
        this.readingsTopic = readingsTopic;
        this.futureToleranceMs = futureToleranceMs;
        this.aheadOfPlantMs = aheadOfPlantMs;
        this.onlyChannels = new HashMap<>();
        onlyChannels.forEach((key, channels) -> this.onlyChannels.put(key, new HashSet<>(channels)));
        this.onlyKey = onlyKey.isEmpty() ? null : onlyKey.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void open(InitializationContext context) {
        canonical = new CanonicalReading();
        clock = new PlantClock(System.getenv("LASTGANG_CLOCK"));
    }

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Item> out) {
        byte[] key = record.key();
        if (onlyKey != null && !Arrays.equals(onlyKey, key)) {
            return;
        }
        Item item = new Item();
        byte[] value = record.value();
        item.key = key == null ? "" : new String(key, StandardCharsets.UTF_8);
        boolean isReading = record.topic().equals(readingsTopic);
        if (isReading && !onlyChannels.isEmpty() && !isWanted(item.key, value)) {
            return;
        }
        boolean isPlain = isReading && onlyChannels.isEmpty() && value != null && canonical.read(key, value, item);
        if (isPlain) {
            item.eventMs = item.observedMs <= item.receivedMs + futureToleranceMs ? item.observedMs : 0;
        } else if (isReading && value != null) {
            item.eventMs = LooseDates.eventMs(value, futureToleranceMs);
        }
        item.isAhead = item.eventMs > 0 && item.eventMs - aheadOfPlantMs > arrivedMs(record);
        if (item.isAhead) {
            item.eventMs = 0;
        }
        if (!isPlain || item.isAhead) {
            item.payload = value == null ? NOTHING : value;
            item.topic = record.topic();
            item.partition = record.partition();
            item.offset = record.offset();
        }
        out.collect(item);
    }

    /** What cannot be read, or lies under another key than its own, is rejected by the step that takes every reading. */
    private boolean isWanted(String key, byte[] value) {
        HashSet<String> channels = onlyChannels.get(key);
        if (channels == null || value == null) {
            return false;
        }
        LooseReading reading = LooseReading.of(value);
        return reading != null && channels.contains(reading.channel) && key.equals(reading.site + "/" + reading.meter);
    }

    /** When a record came: by the broker's clock where that stamps it, so that it is the same when the log is read again. */
    private long arrivedMs(ConsumerRecord<byte[], byte[]> record) {
        return record.timestampType() == TimestampType.LOG_APPEND_TIME ? clock.atMs(record.timestamp()) : clock.nowMs();
    }

    @Override
    public TypeInformation<Item> getProducedType() {
        return TypeInformation.of(Item.class);
    }
}
