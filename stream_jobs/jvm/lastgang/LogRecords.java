package lastgang;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.util.Collector;

/** Records of topics to items: nothing is dropped, and nothing is judged but whether a reading is written canonically. */
public final class LogRecords implements KafkaRecordDeserializationSchema<Item> {
    private static final long serialVersionUID = 1L;
    private static final byte[] NOTHING = new byte[0];

    private final String readingsTopic;
    private final long futureToleranceMs;
    private final byte[] onlyKey;
    private transient CanonicalReading canonical;

    /**
     * @param readingsTopic the topic whose records are readings with a date; empty where there is none
     * @param futureToleranceMs a device clock further ahead of the gateway's does not date its reading
     * @param onlyKey records of other keys are passed over unread; empty: none are
     */
    public LogRecords(String readingsTopic, long futureToleranceMs, String onlyKey) {
        this.readingsTopic = readingsTopic;
        this.futureToleranceMs = futureToleranceMs;
        this.onlyKey = onlyKey.isEmpty() ? null : onlyKey.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void open(InitializationContext context) {
        canonical = new CanonicalReading();
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
        if (isReading && value != null && canonical.read(key, value, item)) {
            item.eventMs = item.observedMs <= item.receivedMs + futureToleranceMs ? item.observedMs : 0;
        } else {
            item.payload = value == null ? NOTHING : value;
            item.topic = record.topic();
            item.partition = record.partition();
            item.offset = record.offset();
            item.eventMs = isReading && value != null ? LooseDates.eventMs(value, futureToleranceMs) : 0;
        }
        out.collect(item);
    }

    @Override
    public TypeInformation<Item> getProducedType() {
        return TypeInformation.of(Item.class);
    }
}
