package lastgang;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Of the readings of a meter only those that say something else than the one before, and of each channel at most one a minute of event time: the last
 * one of it. The first change after a quiet minute goes on at once; what follows within the minute waits until the minute is over.
 *
 * <p>Live readings and history are two series: history is older than what came before it. A reading that is older than the one before begins the series again.
 */
public final class Changes extends KeyedProcessFunction<String, Item, Item> {
    private static final long serialVersionUID = 1L;

    private static final long MINUTE_MS = 60_000;
    /** How often it is looked whether a minute of the plant's time has passed [ms of the computer's clock]. */
    private static final long LOOK_MS = 1_000;

    /** Whether a reading that says the same as the one before goes on too, once a minute: for whoever must know that it is still so. */
    private final boolean repeats;

    private transient MapState<String, String> reported;
    private transient MapState<String, Long> passedMs;
    private transient MapState<String, Item> waiting;
    private transient MapState<String, Long> waitingUntilMs;
    private transient PlantClock clock;

    public Changes(boolean repeats) {
        this.repeats = repeats;
    }

    @Override
    public void open(OpenContext context) {
        reported = getRuntimeContext().getMapState(new MapStateDescriptor<>("reported", String.class, String.class));
        passedMs = getRuntimeContext().getMapState(new MapStateDescriptor<>("passed", String.class, Long.class));
        waiting = getRuntimeContext().getMapState(new MapStateDescriptor<>("waiting", TypeInformation.of(String.class), TypeInformation.of(Item.class)));
        waitingUntilMs = getRuntimeContext().getMapState(new MapStateDescriptor<>("waiting-until", String.class, Long.class));
        clock = new PlantClock(System.getenv("LASTGANG_CLOCK"));
    }

    @Override
    public void processElement(Item item, Context context, Collector<Item> out) throws Exception {
        LooseReading reading = LooseReading.of(item.payload);
        if (reading == null) {
            return; // LogRecords lets through only what names its channel
        }
        String series = (reading.isHistory ? "h " : "l ") + reading.channel;
        Item held = waiting.get(series);
        Long passed = passedMs.get(series);
        if (passed != null && reading.observedMs < (held == null ? passed : LooseReading.of(held.payload).observedMs)) {
            pass(series, held, out);
            pass(series, item, out);
            reported.put(series, reading.says);
            return;
        }
        long minute = Math.floorDiv(reading.observedMs, MINUTE_MS);
        boolean isDue = repeats && (held != null || passed == null || Math.floorDiv(passed, MINUTE_MS) < minute);
        if (reading.says.equals(reported.get(series)) && !isDue) {
            return;
        }
        reported.put(series, reading.says);
        if (held != null && Math.floorDiv(LooseReading.of(held.payload).observedMs, MINUTE_MS) < minute) {
            pass(series, held, out);
            hold(series, item, context);
        } else if (held != null || passed != null && Math.floorDiv(passed, MINUTE_MS) >= minute) {
            hold(series, item, context);
        } else {
            pass(series, item, out);
        }
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Item> out) throws Exception {
        List<String> due = new ArrayList<>();
        boolean waits = false;
        for (Map.Entry<String, Long> one : waitingUntilMs.entries()) {
            if (one.getValue() <= clock.nowMs()) {
                due.add(one.getKey());
            } else {
                waits = true;
            }
        }
        for (String series : due) {
            pass(series, waiting.get(series), out);
        }
        if (waits) {
            look(context);
        }
    }

    private void pass(String series, Item item, Collector<Item> out) throws Exception {
        if (item == null) {
            return;
        }
        waiting.remove(series);
        waitingUntilMs.remove(series);
        passedMs.put(series, LooseReading.of(item.payload).observedMs);
        out.collect(item);
    }

    private void hold(String series, Item item, Context context) throws Exception {
        waiting.put(series, item);
        waitingUntilMs.put(series, clock.nowMs() + MINUTE_MS);
        look(context);
    }

    private static void look(Context context) {
        // One timer a second of the computer's clock, however many readings wait.
        long nextMs = (context.timerService().currentProcessingTime() / LOOK_MS + 1) * LOOK_MS;
        context.timerService().registerProcessingTimeTimer(nextMs);
    }
}
