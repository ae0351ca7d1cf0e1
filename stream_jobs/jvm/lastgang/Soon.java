package lastgang;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/**
 * Buckets without waiting: a record that comes after a pause goes on at once, those that follow within the pause go on together.
 *
 * <p>A window would hold every record for half its width; here only records that come together wait.
 */
public final class Soon extends KeyedProcessFunction<String, Item, Row> {
    private static final long serialVersionUID = 1L;

    private final long pauseMs;
    private transient ValueState<Bucket> held;
    private transient ValueState<Long> freeAtMs;

    public Soon(long pauseMs) {
        this.pauseMs = pauseMs;
    }

    @Override
    public void open(OpenContext context) {
        held = getRuntimeContext().getState(new ValueStateDescriptor<>("held", TypeInformation.of(Bucket.class)));
        freeAtMs = getRuntimeContext().getState(new ValueStateDescriptor<>("free-at", Long.class));
    }

    @Override
    public void processElement(Item item, Context context, Collector<Row> out) throws Exception {
        Bucket bucket = held.value();
        if (bucket != null) {
            bucket.add(item);
            held.update(bucket);
            return;
        }
        bucket = new Bucket();
        bucket.add(item);
        long nowMs = context.timerService().currentProcessingTime();
        Long free = freeAtMs.value();
        // A clock that was set back must not hold records for longer than a pause.
        if (free == null || nowMs >= free || free > nowMs + pauseMs) {
            freeAtMs.update(nowMs + pauseMs);
            out.collect(bucket.toRow(context.getCurrentKey()));
            return;
        }
        held.update(bucket);
        context.timerService().registerProcessingTimeTimer(free);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Row> out) throws Exception {
        Bucket bucket = held.value();
        if (bucket != null) {
            held.clear();
            freeAtMs.update(context.timerService().currentProcessingTime() + pauseMs);
            out.collect(bucket.toRow(context.getCurrentKey()));
        }
    }
}
