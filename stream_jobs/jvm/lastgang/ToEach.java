package lastgang;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Each record of a site once for each of the receivers of that site, under the receiver's key. The newest record of each key is kept: a receiver that
 * the plant file gains is given what came before it.
 */
public final class ToEach extends KeyedProcessFunction<String, Item, Item> {
    private static final long serialVersionUID = 1L;

    /** After a restart a timer of before fires at once, so that a new receiver waits no longer than this. */
    private static final long LOOK_MS = 10_000;

    private final ArrayList<String> receivers;
    private transient MapState<String, Item> newest;
    private transient MapState<String, Boolean> served;

    public ToEach(List<String> receivers) {
        this.receivers = new ArrayList<>(receivers);
    }

    @Override
    public void open(OpenContext context) {
        newest =
                getRuntimeContext()
                        .getMapState(new MapStateDescriptor<>("newest", TypeInformation.of(String.class), TypeInformation.of(Item.class)));
        served = getRuntimeContext().getMapState(new MapStateDescriptor<>("served", String.class, Boolean.class));
    }

    @Override
    public void processElement(Item item, Context context, Collector<Item> out) throws Exception {
        serveNew(context.getCurrentKey(), out);
        for (String receiver : ofSite(context.getCurrentKey())) {
            out.collect(copy(item, receiver));
        }
        newest.put(item.topic + " " + item.key, item);
        look(context);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Item> out) throws Exception {
        serveNew(context.getCurrentKey(), out);
        look(context);
    }

    private void serveNew(String site, Collector<Item> out) throws Exception {
        Set<String> own = new HashSet<>(ofSite(site));
        List<String> gone = new ArrayList<>();
        for (String known : served.keys()) {
            if (!own.contains(known)) {
                gone.add(known);
            }
        }
        for (String known : gone) {
            served.remove(known);
        }
        for (String receiver : ofSite(site)) {
            if (!served.contains(receiver)) {
                for (Item item : newest.values()) {
                    out.collect(copy(item, receiver));
                }
                served.put(receiver, true);
            }
        }
    }

    private List<String> ofSite(String site) {
        return receivers.stream().filter(key -> Buckets.siteOf(key).equals(site)).toList();
    }

    private static Item copy(Item item, String receiver) {
        Item copy = item.copy();
        copy.key = receiver;
        return copy;
    }

    private static void look(Context context) {
        long nextMs = (context.timerService().currentProcessingTime() / LOOK_MS + 1) * LOOK_MS;
        context.timerService().registerProcessingTimeTimer(nextMs);
    }
}
