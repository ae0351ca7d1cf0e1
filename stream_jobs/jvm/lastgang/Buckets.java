package lastgang;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingProcessingTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Topics to buckets: the records of one key that belong together, in one row. {@code stream_jobs/streams.py} calls this and
 * {@code stream_jobs/buckets.py} reads the rows.
 */
public final class Buckets {
    private static final OutputTag<Item> LATE = new OutputTag<>("late", TypeInformation.of(Item.class));
    private static final TypeInformation<Item> ITEMS = TypeInformation.of(Item.class);
    private static final TypeInformation<Bucket> BUCKETS = TypeInformation.of(Bucket.class);
    /** Rows {@code (key, (key, bucket))}, as PyFlink's keyed operators want them. */
    private static final TypeInformation<Row> ROWS =
            Types.ROW(Types.STRING, Types.ROW(Types.STRING, Types.PRIMITIVE_ARRAY(Types.BYTE)));

    private Buckets() {}

    /**
     * All records of {@code topics} from their beginning, committed ones only.
     *
     * @param readingsTopic which of them holds readings and so event time; empty if none does
     * @param outOfOrderMs how far the watermark stays behind the newest reading
     * @param idleMs a partition that is silent for this long does not hold the others' time back
     * @param aheadOfPlantMs how far a reading may be dated ahead of the plant's clock
     * @param onlyKey of all topics only the records of this key, without event time; empty for all records
     * @param onlyChannels key to channels: of readings only these, whole and without event time; empty for all readings
     */
    public static DataStream<Item> records(
            StreamExecutionEnvironment environment,
            String name,
            String bootstrap,
            String group,
            List<String> topics,
            String readingsTopic,
            long outOfOrderMs,
            long futureToleranceMs,
            long aheadOfPlantMs,
            long idleMs,
            String onlyKey,
            Map<String, List<String>> onlyChannels) {
        KafkaSource<Item> source =
                KafkaSource.<Item>builder()
                        .setBootstrapServers(bootstrap)
                        .setTopics(topics)
                        .setGroupId(group)
                        .setStartingOffsets(OffsetsInitializer.earliest())
                        .setDeserializer(new LogRecords(readingsTopic, futureToleranceMs, aheadOfPlantMs, onlyKey, onlyChannels))
                        .setProperty("isolation.level", "read_committed")
                        .build();
        WatermarkStrategy<Item> dates =
                readingsTopic.isEmpty() || !onlyKey.isEmpty() || !onlyChannels.isEmpty()
                        ? WatermarkStrategy.noWatermarks()
                        : WatermarkStrategy.<Item>forBoundedOutOfOrderness(Duration.ofMillis(outOfOrderMs))
                                .withTimestampAssigner((item, before) -> item.eventMs)
                                .withIdleness(Duration.ofMillis(idleMs));
        return environment.fromSource(source, dates, name, ITEMS).uid(name).name(name);
    }

    /** Of the records of some topics only those of one key; {@code keys}: topic to key. Records of other topics all pass. */
    public static DataStream<Item> only(DataStream<Item> records, Map<String, String> keys) {
        Map<String, String> wanted = new HashMap<>(keys);
        return records.filter(item -> !wanted.containsKey(item.topic) || wanted.get(item.topic).equals(item.key)).returns(ITEMS);
    }

    /** The same records; of those of {@code readingsTopic}, which must be whole, only what {@link Changes} lets through. */
    public static DataStream<Item> changes(DataStream<Item> records, String readingsTopic, boolean repeats, String name) {
        DataStream<Item> others = records.filter(item -> !item.topic.equals(readingsTopic)).returns(ITEMS);
        DataStream<Item> changed =
                records.filter(item -> item.topic.equals(readingsTopic))
                        .returns(ITEMS)
                        .keyBy(item -> item.key, Types.STRING)
                        .process(new Changes(repeats), ITEMS)
                        .uid(name)
                        .name(name);
        return others.union(changed);
    }

    /** The same records; instead of those of {@code readingsTopic}, which must be whole, what {@link Minutes} makes of them. */
    public static DataStream<Item> minutes(DataStream<Item> records, String readingsTopic, String minutesTopic, long lateMs) {
        DataStream<Item> others = records.filter(item -> !item.topic.equals(readingsTopic)).returns(ITEMS);
        DataStream<Item> made =
                records.filter(item -> item.topic.equals(readingsTopic))
                        .returns(ITEMS)
                        .keyBy(item -> item.key, Types.STRING)
                        .process(new Minutes(minutesTopic, lateMs), ITEMS)
                        .uid("minutes")
                        .name("minutes");
        return others.union(made);
    }

    /** The same records under their site's key: what stands before the first slash. */
    public static DataStream<Item> bySite(DataStream<Item> records) {
        return records.map(
                        item -> {
                            item.key = siteOf(item.key);
                            return item;
                        })
                .returns(ITEMS);
    }

    /**
     * The same records; those of {@code topics} once for each of {@code keys} that is of their own site ({@link ToEach}). What stands before the first
     * slash of a key is its site.
     */
    public static DataStream<Item> toEach(DataStream<Item> records, List<String> topics, List<String> keys) {
        Set<String> copied = new HashSet<>(topics);
        DataStream<Item> others = records.filter(item -> !copied.contains(item.topic)).returns(ITEMS);
        DataStream<Item> copies =
                records.filter(item -> copied.contains(item.topic))
                        .returns(ITEMS)
                        .keyBy(item -> siteOf(item.key), Types.STRING)
                        .process(new ToEach(keys), ITEMS)
                        .uid("to-each")
                        .name("to each");
        return others.union(copies);
    }

    static String siteOf(String key) {
        int slash = key.indexOf('/');
        return slash < 0 ? key : key.substring(0, slash);
    }

    /**
     * What is on time in buckets of {@code bucketMs} of event time; all else in buckets of a second of processing time.
     *
     * <p>Event-time windows drop late records. Here the window hands them over, by the very watermark that it judges with, and they go
     * the late path into the same operator behind, which restates or rejects with a reason.
     */
    public static DataStream<Row> twoPaths(DataStream<Item> records, long bucketMs) {
        SingleOutputStreamOperator<Row> onTime =
                records.keyBy(item -> item.key, Types.STRING)
                        .window(TumblingEventTimeWindows.of(Duration.ofMillis(bucketMs)))
                        .sideOutputLateData(LATE)
                        .aggregate(new Collect(), new ToRow(), BUCKETS, BUCKETS, ROWS)
                        .uid("on-time")
                        .name("on time");
        return onTime.union(byArrival(onTime.getSideOutput(LATE), "late", 1000));
    }

    /** Buckets of {@code everyMs} of processing time. */
    public static DataStream<Row> byArrival(DataStream<Item> records, String name, long everyMs) {
        return records.keyBy(item -> item.key, Types.STRING)
                .window(TumblingProcessingTimeWindows.of(Duration.ofMillis(everyMs)))
                .aggregate(new Collect(), new ToRow(), BUCKETS, BUCKETS, ROWS)
                .uid(name)
                .name(name);
    }

    /** Buckets as soon as may be; see {@link Soon}. */
    public static DataStream<Row> soon(DataStream<Item> records, String name, long pauseMs) {
        return records.keyBy(item -> item.key, Types.STRING).process(new Soon(pauseMs), ROWS).uid(name).name(name);
    }

    /** Collects records in place. */
    public static final class Collect implements AggregateFunction<Item, Bucket, Bucket> {
        private static final long serialVersionUID = 1L;

        @Override
        public Bucket createAccumulator() {
            return new Bucket();
        }

        @Override
        public Bucket add(Item item, Bucket bucket) {
            bucket.add(item);
            return bucket;
        }

        @Override
        public Bucket getResult(Bucket bucket) {
            return bucket;
        }

        @Override
        public Bucket merge(Bucket one, Bucket other) {
            throw new UnsupportedOperationException("tumbling windows do not merge");
        }
    }

    /** One row a bucket. */
    public static final class ToRow extends ProcessWindowFunction<Bucket, Row, String, TimeWindow> {
        private static final long serialVersionUID = 1L;

        @Override
        public void process(String key, Context context, Iterable<Bucket> buckets, Collector<Row> out) {
            for (Bucket bucket : buckets) {
                out.collect(bucket.toRow(key));
            }
        }
    }
}
