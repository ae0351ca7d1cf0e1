package lastgang;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Readings of a meter to one record a minute and channel ({@code domain/minutes.py}), by the dates of the readings: see {@link OpenMinutes}. A channel
 * that shows nothing has no minutes; a meter that falls silent keeps its last two minutes until it speaks again.
 */
public final class Minutes extends KeyedProcessFunction<String, Item, Item> {
    private static final long serialVersionUID = 1L;

    private final String minutesTopic;
    private final long lateMs;
    private transient ValueState<OpenMinutes> held;

    /**
     * @param minutesTopic the name under which minutes go on; they are on no log
     * @param lateMs how long after its end a minute still takes readings, by the newest date of the meter
     */
    public Minutes(String minutesTopic, long lateMs) {
        this.minutesTopic = minutesTopic;
        this.lateMs = lateMs;
    }

    @Override
    public void open(OpenContext context) {
        held = getRuntimeContext().getState(new ValueStateDescriptor<>("open-minutes", TypeInformation.of(OpenMinutes.class)));
    }

    @Override
    public void processElement(Item item, Context context, Collector<Item> out) throws Exception {
        LooseReading reading = item.isAhead ? null : LooseReading.of(item.payload);
        if (reading == null) {
            return; // the step that takes every reading rejects it
        }
        OpenMinutes minutes = held.value();
        if (minutes == null) {
            minutes = new OpenMinutes();
        }
        for (byte[] json : minutes.take(reading, lateMs)) {
            Item minute = new Item();
            minute.key = item.key;
            minute.topic = minutesTopic;
            minute.partition = item.partition;
            minute.offset = item.offset;
            minute.payload = json;
            out.collect(minute);
        }
        held.update(minutes);
    }
}
